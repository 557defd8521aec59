"""Every platform's files of the demo: they pass the linter, and a check that reads nothing but bytes and the exports."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from attribution.activation.lint import lint_file
from attribution.activation.spec import platforms
from attribution.demo import write_demo
from attribution.ingest.ingest import ingest
from attribution.settings import IngestSettings
from attribution.steps.identify import identify_step
from attribution.steps.suppress import suppress_step
from attribution.steps.suppress_uploads import UploadOptions
from attribution.suppression.consent import ConsentChoice
from attribution.workspace import Workspace

DAY = date(2026, 11, 25)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """The demo's exports, its people joined, and a list with files for every platform."""
    folder = tmp_path_factory.mktemp("shop")
    configuration, _ = write_demo(folder, people=1200, seed=4)
    workspace = Workspace(folder / "workspace")
    ingest(workspace, configuration.ingest.inputs(folder), IngestSettings(timezone="UTC"))
    identify_step(workspace)
    options = UploadOptions(tuple(platforms()), ConsentChoice(basis="consent in the shop's account"), "DE", DAY)
    return folder, workspace, suppress_step(workspace, options)


def uploads(shop):
    return {upload.made.platform: upload for upload in shop[2].uploads.platforms}


def forms(email: str) -> set[str]:
    """What an address of the demo can look like in a file: none of its parts is changed by any platform's steps."""
    digest = hashlib.sha256(email.encode())
    known = {email, digest.hexdigest(), base64.b64encode(digest.digest()).decode()}
    return known | {hashlib.md5(email.encode()).hexdigest(), hashlib.sha1(email.encode()).hexdigest()}


@pytest.mark.parametrize("platform", platforms())
def test_the_linter_takes_it(shop, platform):
    made = uploads(shop)[platform].made
    for item in made.lists:
        for file in item.files:
            report = lint_file(platform, file.path, list_name=item.name, made_on=DAY, as_of=DAY)
            assert report.clean, report.faults


@pytest.mark.parametrize("platform", platforms())
def test_it_holds_whom_it_may_and_nobody_else(shop, platform):
    """By their e-mail addresses: everybody who is listed and gave consent, and nobody of the others."""
    folder, workspace, _ = shop
    upload = uploads(shop)[platform]
    text = "".join(f.path.read_text(encoding="utf-8") for f in upload.made.files)
    if not text:
        assert platform == "device-ids"  # the shop's records hold no advertising ids
        return
    assert not text.startswith("\ufeff")
    customers = pd.read_csv(folder / "inputs" / "customers.csv", dtype=str).fillna("")
    granted = customers[(customers["consent"] == "granted") & (customers["email"] != "")]
    there = [email for email in customers["email"] if email and any(form in text for form in forms(email))]
    assert set(there) <= set(granted["email"])
    assert len(set(there)) == upload.counts.uploadable
    manifest = json.loads(Path(upload.manifest).read_text(encoding="utf-8"))
    assert manifest["uploadable"] == upload.counts.uploadable
    digests = {f["path"]: f["sha256"] for item in manifest["audience"]["lists"] for f in item["files"]}
    for file in upload.made.files:
        assert digests[file.path.name] == hashlib.sha256(file.path.read_bytes()).hexdigest()
        assert file.path.stat().st_mode & 0o777 == 0o600
    assert "@example.com" not in json.dumps(manifest)
    assert workspace.manifest()["lists"][platform]["platform"] == platform
