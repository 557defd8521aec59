// The page's own script: draws charts when they come into view, hands out their numbers, follows the colour scheme.
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("report-data").textContent);
  const views = new Map();
  const chosen = new Map();
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const locale = { number: data.locale };

  const records = (id) => {
    const table = data.tables[id];
    return table.rows.map((row) => Object.fromEntries(table.columns.map((c, i) => [c.name, row[i]])));
  };

  const theme = () => ({
    background: "transparent", aria: false,
    font: "system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif",
    view: { stroke: null },
    axis: {
      labelColor: css("--ink"), titleColor: css("--soft"), gridColor: css("--grid"), domainColor: css("--line"),
      tickColor: css("--line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelLimit: 150,
    },
    legend: { labelColor: css("--ink"), titleColor: css("--soft"), labelFontSize: 12, titleFontSize: 12, labelLimit: 220 },
    header: { labelColor: css("--ink"), titleColor: css("--soft"), labelFontSize: 12 },
    text: { color: css("--ink") }, rule: { color: css("--soft") }, title: { color: css("--ink") },
    style: { soft: { color: css("--soft"), stroke: css("--soft"), fill: css("--soft") }, ink: { color: css("--ink"), fill: css("--ink"), stroke: css("--ink") } },
  });

  // ---- tooltips: text nodes only, so that a name stays a name
  const tip = document.getElementById("tip");
  const tooltip = (_, event, __, value) => {
    if (value === null || value === undefined || value === "") { tip.hidden = true; return; }
    tip.replaceChildren();
    const list = document.createElement("dl");
    for (const [key, text] of Object.entries(typeof value === "object" ? value : { "": value })) {
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = key; dd.textContent = String(text); list.append(dt, dd);
    }
    tip.append(list); tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(event.clientX + 14, window.innerWidth - box.width - 6)) + "px";
    tip.style.top = Math.max(4, Math.min(event.clientY + 14, window.innerHeight - box.height - 6)) + "px";
  };

  // ---- charts
  const narrow = (spec) => (window.innerWidth < 600 && spec.usermeta && spec.usermeta.narrow)
    ? Object.assign({}, spec, spec.usermeta.narrow) : spec;

  const draw = (figure) => {
    const id = figure.dataset.chart, canvas = figure.querySelector(".canvas");
    const spec = Object.assign({}, narrow(data.charts[id]), { datasets: { table: records(id) } });
    const compiled = vegaLite.compile(spec, { config: theme(), logger: vega.logger(vega.Error) }).spec;
    if (views.has(id)) views.get(id).finalize();
    canvas.replaceChildren();
    const view = new vega.View(vega.parse(compiled, null, { ast: true }), {
      expr: vega.expressionInterpreter, renderer: "svg", container: canvas, hover: true, tooltip, locale,
      logLevel: vega.Error,
    });
    for (const select of figure.querySelectorAll("select[data-param]")) view.signal(select.dataset.param, select.value);
    views.set(id, view);
    return view.runAsync().then(() => {
      // The whole picture is one image with a description, and its numbers stand in the table: marks have no roles.
      for (const mark of canvas.querySelectorAll("[role], [aria-label], [aria-roledescription]"))
        for (const name of ["role", "aria-label", "aria-roledescription", "aria-hidden"]) mark.removeAttribute(name);
      figure.dataset.drawn = "yes";
    });
  };

  const charts = Array.from(document.querySelectorAll("figure[data-chart]"));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && !views.has(entry.target.dataset.chart)) draw(entry.target);
  }, { rootMargin: "600px 0px" });
  charts.forEach((figure) => seen.observe(figure));
  const drawAll = () => Promise.all(charts.map((figure) => (views.has(figure.dataset.chart) ? null : draw(figure))));
  const again = () => charts.filter((figure) => views.has(figure.dataset.chart)).forEach(draw);
  dark.addEventListener("change", again);
  window.addEventListener("beforeprint", drawAll);
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if ((width < 600) !== (window.innerWidth < 600)) again();
    width = window.innerWidth;
  });

  document.addEventListener("change", (event) => {
    const select = event.target.closest && event.target.closest("select[data-param]");
    if (!select) return;
    const figure = select.closest("figure");
    const view = views.get(figure.dataset.chart);
    if (view) view.signal(select.dataset.param, select.value).runAsync();
    chosen.set(figure.dataset.chart + "." + select.dataset.param, select.value);
  });

  // ---- downloads: CSV that no spreadsheet takes for a formula, PNG at double size
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "string") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? "'" + value : value;
    return /[",\n\r]/.test(safe) ? '"' + safe.replace(/"/g, '""') + '"' : safe;
  };
  const csv = (id) => {
    const table = data.tables[id];
    return [table.columns.map((c) => c.name), ...table.rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  };
  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob); link.download = name;
    document.body.append(link); link.click(); link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const picture = async (id) => {
    const figure = document.querySelector(`figure[data-chart="${CSS.escape(id)}"]`);
    if (figure) {
      if (!views.has(id)) await draw(figure);
      const canvas = await views.get(id).toCanvas(2);
      return new Promise((done) => paper(canvas).toBlob(done, "image/png"));
    }
    return drawing(document.querySelector(`figure[data-drawing="${CSS.escape(id)}"] svg`));
  };
  const paper = (canvas) => {
    const sheet = document.createElement("canvas");
    sheet.width = canvas.width; sheet.height = canvas.height;
    const pen = sheet.getContext("2d");
    pen.fillStyle = css("--paper"); pen.fillRect(0, 0, sheet.width, sheet.height); pen.drawImage(canvas, 0, 0);
    return sheet;
  };
  const drawing = (svg) => new Promise((done, failed) => {
    const copy = svg.cloneNode(true), box = svg.getBoundingClientRect();
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = `text{fill:${css("--ink")};font:12px system-ui,sans-serif}.soft{fill:${css("--soft")}}.edge{stroke:${css("--soft")}}`;
    copy.prepend(style);
    const image = new Image();
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = 2 * box.width; canvas.height = 2 * box.height;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      paper(canvas).toBlob(done, "image/png");
    };
    image.onerror = failed;
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest && event.target.closest("button[data-csv], button[data-png]");
    if (!button) return;
    if (button.dataset.csv) save(new Blob(["\ufeff" + csv(button.dataset.csv)], { type: "text/csv;charset=utf-8" }), button.dataset.csv + ".csv");
    else save(await picture(button.dataset.png), button.dataset.png + ".png");
  });

  // ---- where one is
  const links = new Map(Array.from(document.querySelectorAll("nav.chapters a")).map((a) => [a.getAttribute("href").slice(1), a]));
  const here = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (link) { link.classList.toggle("here", entry.isIntersecting); link.toggleAttribute("aria-current", entry.isIntersecting); }
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  document.querySelectorAll("main > section").forEach((section) => here.observe(section));

  // What tests and other scripts of the page reach.
  window.report = { data, views, drawAll, csv, picture, records, css, theme, tooltip, locale };
})();
