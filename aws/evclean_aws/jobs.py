# SPDX-License-Identifier: Apache-2.0
"""What a job file reads and writes, as far as a cluster must know it: buckets, and files that have to come along."""

import dataclasses
import hashlib
import os
import pathlib
import re

from evclean_aws import placed_yaml
from evclean_aws.buckets import split_path
from evclean_aws.problem import Problem

MOST_FILE_BYTES = 256 << 20  # what comes along with a job is a lookup table, not the data


@dataclasses.dataclass
class JobFiles:
    path: pathlib.Path
    inputs: list   # buckets that are read
    outputs: list  # buckets that are written
    local_outputs: list
    along: dict    # name beside the job file -> path here


def _texts(node):
    if isinstance(node, str):
        yield node
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _texts(item)


def _as_list(node):
    return node if isinstance(node, list) else [] if node is None else [node]


def _paths(table):
    if isinstance(table, dict):
        return [text for text in _as_list(table.get("paths")) if isinstance(text, str)]
    return [text for text in _as_list(table) if isinstance(text, str)]


def _output_paths(data):
    found = [item.get("path") if isinstance(item, dict) else item for item in _as_list(data.get("output"))]
    tables = [table for table in (data.get("tables") or {}).values() if isinstance(table, dict)]
    rejects = [t.get("rejects", {}).get("path") for t in [data.get("input"), *tables]
               if isinstance(t, dict) and isinstance(t.get("rejects"), dict)]
    return [path for path in found + rejects if isinstance(path, str)]


def _mappings(steps):
    """Paths of `fitted` in a list of steps."""
    encodes = [step.get("encode") for step in _as_list(steps) if isinstance(step, dict)]
    return [e["fitted"] for e in encodes if isinstance(e, dict) and isinstance(e.get("fitted"), str)]


def _sources(data, here):
    """Local and S3 paths that a job, or a file that it uses, reads. A mapping that is not `here` is one that the cluster has."""
    tables = list(data["tables"].values()) if isinstance(data.get("tables"), dict) else []
    named = list(data["steps"].values()) if isinstance(data.get("steps"), dict) else [data.get("steps")]
    steps = named + [table.get("steps") for table in tables if isinstance(table, dict)]
    mappings = [text for list_of_steps in steps for text in _mappings(list_of_steps)]
    return [text for table in [data.get("input"), *tables] for text in _paths(table)] + [
        text for text in mappings if text.startswith("s3://") or (here / text).exists()]


def _load(path):
    try:
        data, _ = placed_yaml.load(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise Problem(f"cannot read the job file '{path}': {error.strerror}", "see `jobs` of the configuration") from None
    if not isinstance(data, dict):
        raise Problem(f"{path}: this is no job file", "evclean check says what is wrong with it")
    return data


def _used(job, data, folder, seen):
    """Files under `use`, and those that they use: (folder, relative to the job, and content), each once."""
    for text in _as_list(data.get("use")):
        if not isinstance(text, str) or "${" in text or text.startswith("/"):
            continue
        name = os.path.normpath(os.path.join(folder, text))
        if name in seen:
            continue
        seen.add(name)
        piece = _load(job.parent / name)
        yield name, piece
        yield from _used(job, piece, os.path.dirname(name), seen)


def _along(job, text, folder=""):
    """The files that a local path of the job means, beside the job file. Problem for those that are none."""
    name = text.removeprefix("@")
    if name.startswith("/"):
        return {}  # a folder that the nodes see
    name = os.path.normpath(os.path.join(folder, name))
    base = job.parent
    found = sorted(base.glob(name)) if re.search(r"[*?\[]", name) else [base / name]
    files = [path for item in found for path in (sorted(item.rglob("*")) if item.is_dir() else [item]) if not path.is_dir()]
    if not files or not files[0].exists():
        raise Problem(f"{job}: '{text}' is not here, so it cannot come along to the cluster",
                      "write the path as s3://bucket/…, or as an absolute path that every node sees")
    if sum(path.stat().st_size for path in files) > MOST_FILE_BYTES:
        raise Problem(f"{job}: '{text}' is more than {MOST_FILE_BYTES >> 20} MiB, too much to come along",
                      f"copy it to S3 first (aws s3 cp {text} s3://…) and name it there")
    for path in files:
        if ".." in path.relative_to(base).parts if path.is_relative_to(base) else True:
            raise Problem(f"{job}: '{text}' is outside the folder of the job file", "put it beside or below the job file")
    return {str(path.relative_to(base)): path for path in files}


def look(path):
    """Problem when the job cannot be read or is no YAML; `evclean check` says the rest."""
    path = pathlib.Path(path)
    data = _load(path)
    used = list(_used(path, data, "", set()))
    sources = []
    for name, content in [("", data), *used]:
        folder = os.path.dirname(name)
        sources += [(text, folder) for text in _sources(content, path.parent / folder)]
    outputs = _output_paths(data)
    along = {}
    for name, _ in used:
        along.update(_along(path, name))
    for text, folder in sources:
        if not text.startswith("s3://") and "${" not in text:
            along.update(_along(path, text, folder))
    return JobFiles(path, sorted({split_path(t)[0] for t, _ in sources if t.startswith("s3://")}),
                    sorted({split_path(t)[0] for t in outputs if t.startswith("s3://")}),
                    [t for t in outputs if not t.startswith(("s3://", "/")) and "${" not in t], along)


def digest(job):
    """A hash over the job file and all that comes along."""
    whole = hashlib.sha256()
    for name, path in sorted({job.path.name: job.path, **job.along}.items()):
        whole.update(f"{name}\0{path.stat().st_size}\0".encode())
        whole.update(file_digest(path).encode())
    return whole.hexdigest()


def file_digest(path):
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            whole.update(piece)
    return whole.hexdigest()
