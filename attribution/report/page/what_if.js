// Sliders on the response curves of a media-mix fit. The figures are those of attribution/report/what_if_numbers.py.
(function () {
  "use strict";
  const { data } = window.report;
  const STEP = 0.01, LEAST = 1e-9, START = "#what-if=";
  const SVG = "http://www.w3.org/2000/svg";
  const language = data.language.replace("_", "-");

  // ---- numbers
  const plain = (digits, more) => new Intl.NumberFormat(language, Object.assign({ maximumFractionDigits: digits }, more));
  // A sign stays with its number at the end of a line.
  const joined = (text) => text.replace(/^[-+−]/, (s) => (s === "+" ? "+" : "−") + "\u2060");
  const money = (v, more) => joined((data.currency
    ? new Intl.NumberFormat(language, Object.assign({ style: "currency", currency: data.currency },
      Math.abs(v) >= 1000 ? { maximumFractionDigits: 0, minimumFractionDigits: 0 } : {}, more))
    : plain(Math.abs(v) >= 1000 ? 0 : 2, more)).format(v));
  const count = (v, more) => joined(plain(Math.abs(v) >= 100 ? 0 : 1, more).format(v));
  const percent = (v, more) => joined(plain(Math.abs(v) < 0.0995 ? 1 : 0, Object.assign({ style: "percent" }, more)).format(v));
  const ratio = (v) => plain(2, { minimumFractionDigits: 2 }).format(v);
  const whole = { maximumFractionDigits: 0, minimumFractionDigits: 0 };
  const back = (v) => (data.currency ? money(v) : ratio(v));
  const sign = { signDisplay: "exceptZero" };

  // ---- curves: monotone cubics (Fritsch and Carlson 1980), as scipy's PchipInterpolator
  const end = (h0, h1, d0, d1) => {
    const s = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if (Math.sign(s) !== Math.sign(d0)) return 0;
    return Math.sign(d0) !== Math.sign(d1) && Math.abs(s) > 3 * Math.abs(d0) ? 3 * d0 : s;
  };
  const slopes = (x, y) => {
    const n = x.length, h = [], d = [];
    for (let k = 0; k < n - 1; k++) { h.push(x[k + 1] - x[k]); d.push((y[k + 1] - y[k]) / h[k]); }
    const found = [end(h[0], h[1], d[0], d[1])];
    for (let k = 1; k < n - 1; k++) {
      const a = 2 * h[k] + h[k - 1], b = h[k] + 2 * h[k - 1];
      found.push(d[k - 1] * d[k] > 0 ? (a + b) / (a / d[k - 1] + b / d[k]) : 0);
    }
    found.push(end(h[n - 2], h[n - 3], d[n - 2], d[n - 3]));
    return found;
  };
  const curve = (x, y) => {
    const s = slopes(x, y);
    return (at) => {
      let k = 0;
      while (k < x.length - 2 && at >= x[k + 1]) k++;
      const h = x[k + 1] - x[k], t = (at - x[k]) / h, u = 1 - t;
      return u * u * (1 + 2 * t) * y[k] + t * t * (3 - 2 * t) * y[k + 1] + h * t * u * (u * s[k] - t * s[k + 1]);
    };
  };
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const average = (values) => sum(values) / values.length;
  const quantile = (sorted, share) => {
    const place = share * (sorted.length - 1), low = Math.floor(place), high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  };

  const reader = (plan) => {
    const x = plan.multiples, n = x.length, total = plan.total.draws, log = plan.link === "log";
    const channels = plan.channels.map((c) => {
      const draws = total.map((_, d) => curve(x, c.draws.slice(d * n, (d + 1) * n).map((v) => v * c.step)));
      const mean = curve(x, c.mean), today = draws.map((g) => g(1)), own = mean(1);
      return { spend: c.spend, mean: (m) => mean(m) - own, draws: (m) => draws.map((g, d) => g(m) - today[d]) };
    });
    const interval = (draws, mean) => {
      const move = mean - average(draws), sorted = draws.map((v) => v + move).sort((a, b) => a - b);
      const tail = (1 - plan.level) / 2;
      return { mean, lower: quantile(sorted, tail), upper: quantile(sorted, 1 - tail) };
    };
    const together = (changes) => total.map((t, d) => (log
      ? changes.reduce((all, c) => all * Math.max(1 + c[d] / t, LEAST), t) : changes.reduce((all, c) => all + c[d], t)));
    return (multiples) => {
      const own = channels.map((c, i) => c.mean(multiples[i])), now = channels.map((c, i) => c.draws(multiples[i]));
      const outcome = together(now);
      const change = sum(own) + average(outcome.map((v, d) => v - total[d] - sum(now.map((c) => c[d]))));
      const marginal = channels.map((c, i) => {
        const more = c.draws(multiples[i] + STEP), bumped = now.map((v, j) => (j === i ? more : v));
        const gained = together(bumped).map((v, d) => v - outcome[d]), cost = STEP * c.spend;
        const mean = c.mean(multiples[i] + STEP) - own[i] + average(gained.map((v, d) => v - (more[d] - now[i][d])));
        return interval(gained.map((v) => v / cost), mean / cost);
      });
      return {
        spend: sum(channels.map((c, i) => c.spend * multiples[i])),
        expected: interval(outcome, plan.total.mean + change),
        change: interval(outcome.map((v, d) => v - total[d]), change), marginal,
        outside: plan.channels.filter((c, i) => multiples[i] < c.least || multiples[i] > c.reached).map((c) => c.name),
      };
    };
  };

  // ---- what is chosen
  const fill = (plan, state, places, budget) => {
    // Share a budget among channels by what they have, none above its slider's end; what is left to those that have none.
    const most = (i) => plan.most * plan.channels[i].spend;
    let left = Math.max(0, Math.min(budget, sum(places.map(most))));
    const given = new Map(places.map((i) => [i, 0]));
    for (const weight of [(i) => state.multiples[i] * plan.channels[i].spend, (i) => plan.channels[i].spend]) {
      let open = places.filter((i) => weight(i) > 0 && given.get(i) < most(i));
      while (open.length && left > 1e-9 * budget) {
        const factor = left / sum(open.map(weight));
        const full = open.filter((i) => given.get(i) + factor * weight(i) >= most(i));
        for (const i of full.length ? full : open) {
          const add = full.length ? most(i) - given.get(i) : factor * weight(i);
          given.set(i, given.get(i) + add); left -= add;
        }
        if (!full.length) break;
        open = open.filter((i) => !full.includes(i));
      }
    }
    for (const [i, spend] of given) state.multiples[i] = spend / plan.channels[i].spend;
  };
  const spent = (plan, multiples) => sum(plan.channels.map((c, i) => c.spend * multiples[i]));
  const moved = (plan, state, at, want) => {
    if (!state.locked) { state.multiples[at] = want; return; }
    const spend = (i) => plan.channels[i].spend, every = plan.channels.map((_, i) => i).filter((i) => i !== at);
    const free = every.filter((i) => !state.fixed[i]), held = sum(every.filter((i) => state.fixed[i]).map((i) => spend(i) * state.multiples[i]));
    const least = state.budget - held - sum(free.map((i) => plan.most * spend(i))), most = state.budget - held;
    const own = Math.max(0, least, Math.min(want * spend(at), most, plan.most * spend(at)));
    fill(plan, state, free, state.budget - held - own);
    state.multiples[at] = own / spend(at);
  };

  // ---- the address
  const written = (plan, state) => {
    const parts = plan.channels.map((c, i) => (Math.abs(state.multiples[i] - 1) < 1e-9 && !state.fixed[i] ? null
      : `${encodeURIComponent(c.name)}:${Number((100 * state.multiples[i]).toFixed(4))}${state.fixed[i] ? "f" : ""}`));
    const text = parts.filter(Boolean).join(",") + (state.locked ? ";total" : "");
    return text ? START + text : "";
  };
  const read = (plan, state, hash) => {
    const [list, ...flags] = hash.slice(START.length).split(";");
    const known = new Map(plan.channels.map((c, i) => [encodeURIComponent(c.name), i]));
    state.multiples.fill(1); state.fixed.fill(false);
    for (const part of list.split(",")) {
      const [name, value] = part.split(":"), at = known.get(name), number = parseFloat(value) / 100;
      if (at === undefined || !Number.isFinite(number)) continue;
      state.multiples[at] = Math.max(0, Math.min(number, plan.most)); state.fixed[at] = value.endsWith("f");
    }
    state.locked = flags.includes("total"); state.budget = spent(plan, state.multiples);
  };

  // ---- elements: text nodes only, so that a name stays a name
  const make = (tag, name, text) => {
    const found = document.createElement(tag);
    if (name) found.className = name;
    if (text !== undefined) found.textContent = text;
    return found;
  };
  const drawn = (tag, attributes) => {
    const found = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) found.setAttribute(key, value);
    return found;
  };
  const picture = (plan, channel) => {
    const mean = curve(plan.multiples, channel.mean), high = Math.max(...channel.mean, 1e-300), low = Math.min(0, ...channel.mean);
    const x = (m) => 4 + 112 * m / plan.most, y = (m) => 36 - 32 * (mean(m) - low) / (high - low);
    const line = (from, to) => Array.from({ length: 41 }, (_, k) => from + (to - from) * k / 40)
      .map((m, k) => `${k ? "L" : "M"}${x(m).toFixed(1)} ${y(m).toFixed(1)}`).join("");
    const svg = drawn("svg", { viewBox: "0 0 120 40", "aria-hidden": "true", class: "curve" }), dot = drawn("circle", { r: 4 });
    svg.append(drawn("line", { x1: x(1), x2: x(1), y1: 2, y2: 38, class: "today" }), drawn("path", { d: line(0, channel.reached) }));
    if (channel.reached < plan.most) svg.append(drawn("path", { d: line(channel.reached, plan.most), class: "beyond" }));
    svg.append(dot);
    return { svg, at: (m) => { dot.setAttribute("cx", x(m)); dot.setAttribute("cy", y(m)); } };
  };
  const box = (text) => {
    const label = make("label", "choice"), input = make("input");
    input.type = "checkbox"; label.append(input, " ", text);
    return { label, input };
  };
  const figure = (title) => {
    const found = make("div", "figure"), value = make("p", "value"), span = make("p", "span"), explained = make("p", "explained");
    found.append(make("p", "label", title), value, span, explained);
    return { found, value, span, explained };
  };

  const build = (block, plan) => {
    const numbers = reader(plan), amount = plan.kind === "money" ? money : count;
    const size = plan.channels.length, today = spent(plan, Array(size).fill(1));
    const state = { multiples: Array(size).fill(1), fixed: Array(size).fill(false), locked: false, budget: today };
    const home = block.querySelector(".sliders"), figures = make("div", "figures");
    const shown = { expected: figure(`Expected ${plan.noun}`), change: figure("Against today"), spend: figure("Spend") };
    figures.append(...Object.values(shown).map((f) => f.found));
    const warning = make("p", "outside"), status = make("p", "unseen");
    warning.hidden = true; status.setAttribute("role", "status"); status.setAttribute("aria-live", "polite");
    const lock = box("Keep the total: what one channel gets, the others give"), reset = make("button", "", "Back to today's spend");
    reset.type = "button";
    const tools = make("div", "choices"); tools.append(lock.label, reset);
    for (const named of plan.plans || []) {
      const button = make("button", "", named.name); button.type = "button";
      button.addEventListener("click", () => {
        named.spend.forEach((v, i) => { state.multiples[i] = Math.max(0, Math.min(v / plan.channels[i].spend, plan.most)); });
        state.budget = spent(plan, state.multiples); changed();
      });
      tools.append(button);
    }
    const rows = plan.channels.map((channel, i) => {
      const row = make("div", "slider"), id = `${block.dataset.whatIf}-${i}`, name = make("label", "name", channel.name);
      const range = make("input"), output = make("output"), fixed = box("fix"), marginal = make("p", "note"), curved = picture(plan, channel);
      range.type = "range"; range.id = id; range.min = 0; range.max = 100 * plan.most; range.step = 1;
      name.htmlFor = id; output.htmlFor = id;
      row.style.setProperty("--channel", data.colours[channel.name] || "var(--accent)");
      fixed.input.setAttribute("aria-label", `Fix ${channel.name}: moving others leaves it as it is`);
      range.addEventListener("input", () => { moved(plan, state, i, Number(range.value) / 100); changed(); });
      fixed.input.addEventListener("change", () => { state.fixed[i] = fixed.input.checked; changed(); });
      row.append(name, curved.svg, range, output, fixed.label, marginal);
      return { row, range, output, fixed, marginal, curved };
    });
    home.append(figures, warning, status, tools, ...rows.map((r) => r.row),
      make("p", "note", "The address of this page holds what you chose: copy it to share it. On a slider, arrow keys move by 1 %."));

    const between = (v, write, more) => `${write(v.lower, more)} to ${write(v.upper, more)}`;
    const returned = (v) => (plan.kind === "money" ? `The next 1 % returns ${back(v.mean)} for each ${data.currency ? money(1, whole) : "unit"} spent (${between(v, back)})`
      : `The next 1 % brings ${count(1000 * v.mean)} ${plan.noun} per ${money(1000)} (${between({ lower: 1000 * v.lower, upper: 1000 * v.upper }, count)})`);
    let last = numbers(state.multiples), wait = 0;
    const draw = () => {
      const found = last = numbers(state.multiples), more = found.spend - today, some = found.outside.length > 0;
      shown.expected.value.textContent = amount(found.expected.mean);
      shown.expected.span.textContent = between(found.expected, amount);
      shown.expected.explained.textContent = `${percent(plan.level)} interval; spend as it is gives ${amount(plan.total.mean)}.`;
      const still = state.multiples.every((m) => Math.abs(m - 1) < 1e-9);
      shown.change.value.textContent = still ? "no change" : amount(found.change.mean, sign);
      shown.change.span.textContent = still ? "" : between(found.change, amount, sign);
      shown.change.explained.textContent = still ? "Move a slider to see what would change." : plan.kind === "money"
        ? `After the change in spend: ${money(found.change.mean - more, sign)} (${between({ lower: found.change.lower - more, upper: found.change.upper - more }, money, sign)}).`
        : `${percent(found.change.mean / plan.total.mean, sign)} of what is expected today.`;
      shown.spend.value.textContent = money(found.spend);
      shown.spend.span.textContent = Math.abs(more) > 1e-6 * today ? `${money(more, sign)} (${percent(more / today, sign)})` : "as today";
      warning.hidden = !some;
      warning.textContent = some ? `Outside what the data cover: ${found.outside.join(", ")}. There the figures are a guess of the model.` : "";
      rows.forEach((r, i) => {
        const channel = plan.channels[i], m = state.multiples[i], far = found.outside.includes(channel.name);
        r.range.value = Math.round(100 * m); r.output.textContent = `${money(m * channel.spend)} · ${percent(m)}`;
        r.range.setAttribute("aria-valuetext", `${money(m * channel.spend)}, ${percent(m)} of today's spend`);
        r.fixed.input.checked = state.fixed[i]; r.curved.at(m); r.row.classList.toggle("far", far);
        r.marginal.textContent = returned(found.marginal[i]) + "." + (channel.mark ? ` ${channel.mark[0].toUpperCase()}${channel.mark.slice(1)}.` : "")
          + (far ? (m > channel.reached ? ` More than the data have seen: they reach to ${percent(channel.reached)} of today's.`
            : ` Less than the data have seen: they reach down to ${percent(channel.least)} of today's.`) : "");
      });
      lock.input.checked = state.locked;
    };
    const say = () => {
      status.textContent = `Expected ${plan.noun} ${amount(last.expected.mean)}, ${amount(last.change.mean, sign)} against today. Spend ${money(last.spend)}. ${warning.textContent}`;
    };
    const changed = () => {
      draw(); clearTimeout(wait); wait = setTimeout(say, 500);
      const hash = written(plan, state);
      if (hash || location.hash.startsWith(START)) history.replaceState(null, "", hash || location.pathname + location.search);
    };
    const restored = (scroll) => {
      if (!location.hash.startsWith(START)) return;
      read(plan, state, location.hash); draw();
      if (scroll) block.scrollIntoView({ block: "start" });
    };
    lock.input.addEventListener("change", () => { state.locked = lock.input.checked; state.budget = spent(plan, state.multiples); changed(); });
    reset.addEventListener("click", () => { state.multiples.fill(1); state.fixed.fill(false); state.budget = today; changed(); });
    window.addEventListener("hashchange", () => restored(false));
    home.hidden = false; draw(); restored(true);
    return { state, numbers, latest: () => last };
  };

  window.report.whatIf = {};
  for (const block of document.querySelectorAll("[data-what-if]")) {
    const id = block.dataset.whatIf;
    window.report.whatIf[id] = build(block, data.whatIf[id]);
  }
})();
