"""Paths of the declaration made absolute."""

from __future__ import annotations

from pathlib import Path

from gateway.project.anchor import anchor_paths
from gateway.services.bucket import Bucket
from gateway.services.model import BackendDeclaration, Declaration
from gateway.services.settings import GatewaySettings, JobSettings

ROOT = Path("/srv/project")


def test_relative_paths_begin_at_the_project() -> None:
    declaration = Declaration(
        "services.yaml",
        (),
        (BackendDeclaration("a", "http://a", tls_ca="ca.pem"), BackendDeclaration("b", "http://b")),
        GatewaySettings(input_folders=("in", "/abs")),
        "out",
        JobSettings("jobs.db"),
    )
    anchored = anchor_paths(declaration, ROOT)
    assert anchored.outputs == "/srv/project/out"
    assert anchored.inputs == "/srv/project/.gateway/inputs"
    assert anchored.jobs.store == "/srv/project/jobs.db"
    assert anchored.gateway.input_folders == ("/srv/project/in", "/abs")
    assert [each.tls_ca for each in anchored.backends] == ["/srv/project/ca.pem", None]


def test_urls_stay_as_they_are() -> None:
    declaration = Declaration(
        "services.yaml",
        (),
        (),
        outputs=Bucket("s3://bucket/out"),
        inputs=Bucket("s3://bucket/in"),
        jobs=JobSettings("postgresql://db/jobs"),
    )
    anchored = anchor_paths(declaration, ROOT)
    assert anchored.outputs == Bucket("s3://bucket/out")
    assert anchored.inputs == Bucket("s3://bucket/in")
    assert anchored.jobs.store == "postgresql://db/jobs"


def test_a_path_in_the_home_folder_is_found() -> None:
    anchored = anchor_paths(Declaration("services.yaml", (), (), outputs="~/out"), ROOT)
    assert anchored.outputs == str(Path("~/out").expanduser())
