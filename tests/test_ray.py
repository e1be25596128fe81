"""Tagging on Ray: the same bytes as without it, and nothing lost or doubled when a process dies.

The cluster has two nodes of one core each, on this machine. The tagger is a fake one that marks a
word and takes its time; a process of its own loads it, as it would the one that is shipped.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train import ray_cluster, ray_engine
from train.document import Span
from train.engine import Coverage, Found
from train.errors import InputError, MarsadError
from train.jobs import Job, PartResult, tag_parts
from train.output import OutputFolder
from train.parts import PartId, cut
from train.ray_engine import ReadPast, tag_on_ray
from train.sinks import Sink
from train.sources import Source, find_sources
from train.words import split_words

PART_DOCUMENTS = 10
POISON = "سم"
"""A text with this word kills the process that tags it."""
HEADER = {
    "marsad_version": "0",
    "model": {"name": "fake", "fingerprint": "f" * 64},
    "runtime": "fake",
    "options": {},
    "inputs": [],
}


class FakeTagger:
    """Marks a word wherever it stands."""

    fingerprint = "f" * 64

    def stream(self, stretches: Iterable[tuple[Any, Sequence[str]]]) -> Iterator[tuple[Any, Found]]:
        for key, texts in stretches:
            if any(POISON in text for text in texts):
                os.kill(os.getpid(), signal.SIGKILL)
            spans = [
                tuple(Span(m.start(), m.end(), "WEAPON", 0.5) for m in re.finditer("صاروخ", text))
                for text in texts
            ]
            words = sum(len(split_words(text)) for text in texts)
            yield key, Found(spans, Coverage(words=words))


@dataclass(frozen=True)
class SlowSource:
    """Takes long enough for a process to be killed in the middle of a shard."""

    source: Source
    path: str
    name: str
    kind: str

    def read(self) -> Iterator[Any]:
        for item in self.source.read():
            time.sleep(0.01)
            yield item


class SlowTagger(FakeTagger):
    """Takes long enough for a process to be killed in the middle of a part."""

    def stream(self, stretches: Iterable[tuple[Any, Sequence[str]]]) -> Iterator[tuple[Any, Found]]:
        for item in super().stream(stretches):
            time.sleep(0.1)
            yield item


def load_fake(job: Job) -> FakeTagger:
    return FakeTagger()


def load_slow(job: Job) -> FakeTagger:
    return SlowTagger()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    if find_spec("ray") is None:
        pytest.skip("the extra ray is not installed")
    ray = ray_cluster.import_ray()
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80 * 1024 * 1024, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        cluster.add_node(**node)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="CRITICAL")
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Files of several kinds, with records that cannot be read among them."""
    folder = tmp_path / "news"
    folder.mkdir()
    for number in range(4):
        lines = [
            json.dumps({"id": f"{number}-{i}", "text": f"سقط صاروخ {i}" * (i % 3), "source": "x"})
            for i in range(45)
        ]
        lines[number * 9] = '{"text": '
        data = "\n".join(lines).encode()
        (folder / f"{number}.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
    rows = "".join(f'{i},"صاروخ\nثان",y\n' for i in range(25))
    (folder / "t.csv").write_text("id,text,source\n" + rows + "1,2,3,4\n", encoding="utf-8")
    (folder / "one.txt").write_text("صاروخ واحد", encoding="utf-8")
    return folder


def plan(inputs: Path | str) -> list[list[Source]]:
    """Return a shard of each file."""
    return [[source] for source in find_sources([str(inputs)])]


def job_for(folder: Path | str | None) -> Job:
    name = None if folder is None else str(folder)
    return Job(Sink("jsonl"), folder=name, part_documents=PART_DOCUMENTS)


def local(job: Job, shards: Sequence[list[Source]]) -> list[PartResult]:
    """Return what the engine without processes makes of shards."""
    results: list[PartResult] = []
    for number, shard in enumerate(shards):
        items = (item for source in shard for item in source.read())
        results += tag_parts(FakeTagger(), job, cut(number, items, PART_DOCUMENTS))
    return results


def local_folder(folder: Path, shards: Sequence[list[Source]]) -> dict[str, bytes]:
    output = OutputFolder.begin(str(folder), HEADER, resume=False)
    for result in local(job_for(folder), shards):
        output.add(result)
    output.finish()
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def tagged(
    output: OutputFolder, shards: Sequence[list[Source]], load: Callable[[Job], Any] = load_fake
) -> Iterator[PartId]:
    """Tag on Ray and yield the id of each part that is tagged, as it comes."""
    for result in tag_on_ray(job_for(output.name), shards, load=load):
        assert isinstance(result, PartResult)
        output.add(result)
        yield result.id


def processes(cluster: Any, kind: str) -> set[int]:
    """Return the ids of the reading or tagging processes of a cluster."""
    nodes = cluster.list_all_nodes()
    parents = {node.all_processes["raylet"][0].process.pid for node in nodes}
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_text(errors="replace")
            status = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        is_one = title.startswith("ray::MapWorker") and kind in title
        if is_one and status[0] != "Z" and int(status[1]) in parents:
            found.add(int(folder.name))
    return found


def test_ray_gives_the_bytes_of_the_local_engine(
    cluster: Any, inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shards = plan(inputs)
    expected = local_folder(tmp_path / "local", shards)
    output = OutputFolder.begin(str(tmp_path / "ray"), HEADER, resume=False)
    ids = list(tagged(output, shards))
    output.finish()
    assert contents(tmp_path / "ray") == expected
    assert len(ids) == len(set(ids)) == 4 * 5 + 3 + 1
    manifest = json.loads(expected["manifest.json"])
    assert manifest["totals"]["documents"] == 4 * 44 + 25 + 1
    assert manifest["totals"]["skipped"] == 4 + 1
    assert capfd.readouterr().out == ""  # data may go there


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes by /proc")
@pytest.mark.parametrize("kind", ["ShardReader", "PartTagger"])
def test_a_killed_process_loses_and_doubles_nothing(
    cluster: Any, inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    shards = plan(inputs)
    expected = local_folder(tmp_path / "local", shards)
    slow = [[SlowSource(s, s.path, s.name, s.kind)] for [s] in shards]
    output = OutputFolder.begin(str(tmp_path / "ray"), HEADER, resume=False)
    ids: list[PartId] = []
    killed: set[int] = set()
    first: set[int] = set()
    later: set[int] = set()
    for part in tagged(output, cast("list[list[Source]]", slow), load_slow):
        ids.append(part)
        now = processes(cluster, kind)
        first = first or now
        later |= now - first
        if len(ids) in (2, 7):
            victim = min(now - killed)
            os.kill(victim, signal.SIGKILL)
            killed.add(victim)
    assert len(killed) == 2
    assert later, "no process was started in place of those that were killed"
    assert len(ids) == len(set(ids)) == 4 * 5 + 3 + 1
    output.finish()
    assert contents(tmp_path / "ray") == expected
    assert capfd.readouterr().out == ""


def test_a_part_that_kills_every_process_is_given_up(cluster: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"صاروخ\n{POISON}\n", encoding="utf-8")
    shards = plan(tmp_path / "a.txt")
    with pytest.raises(MarsadError, match=r"00000 \(a.txt:1 to a.txt:2\): 5 processes died of it"):
        list(tag_on_ray(job_for(tmp_path / "out"), shards, workers=1, load=load_fake))


def test_a_resumed_run_reads_finished_parts_past_and_takes_uris(
    cluster: Any, inputs: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    shards = plan(inputs.as_uri())
    assert all(source.path.startswith("file://") for [source] in shards)
    before = {result.id: result for result in local(job_for(folder), shards)}
    expected = contents(folder)
    done = {part for part in before if part.index % 2 or part.shard == 4}
    for part in before:
        (folder / (before[part].file or "")).write_bytes(b"before")
    results = list(tag_on_ray(job_for(folder.as_uri()), shards, done, load=load_fake))
    passed = {item.id: item.digest for item in results if isinstance(item, ReadPast)}
    assert passed == {part: before[part].digest for part in done}
    new = {item.id: item.to_dict() for item in results if isinstance(item, PartResult)}
    assert new == {part: before[part].to_dict() for part in before if part not in done}
    untouched = {before[part].file for part in done}
    assert contents(folder) == {
        name: b"before" if name in untouched else data for name, data in expected.items()
    }


def test_data_comes_back_in_order_and_relative_paths_mean_what_they_mean_here(
    cluster: Any, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.data import DataContext

    block_size = DataContext.get_current().target_max_block_size
    monkeypatch.chdir(tmp_path)
    shards = plan("news")
    expected = local(job_for(None), shards)
    results = list(tag_on_ray(job_for(None), shards, workers=1, load=load_fake))
    assert [item.id for item in results] == [item.id for item in expected]
    assert [item.data for item in results if isinstance(item, PartResult)] == [
        item.data for item in expected
    ]
    # Another use of Ray Data in this process finds its settings as they were.
    assert DataContext.get_current().target_max_block_size == block_size
    assert not DataContext.get_current().execution_options.preserve_order


def test_an_error_of_another_process_is_told_as_one_of_this(
    cluster: Any, inputs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shards = plan(inputs)
    (inputs / "2.jsonl.gz").unlink()
    with pytest.raises(InputError, match=r"2\.jsonl\.gz: "):
        list(tag_on_ray(job_for(tmp_path / "out"), shards, workers=1, load=load_fake))
    told = capfd.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err


def test_a_run_that_is_left_early_ends_its_processes(
    cluster: Any, inputs: Path, tmp_path: Path
) -> None:
    results = tag_on_ray(job_for(tmp_path / "out"), plan(inputs), workers=1, load=load_slow)
    with closing(cast("Generator[Any]", results)):
        next(results)
        assert processes(cluster, "PartTagger")
    deadline = time.monotonic() + 20
    while processes(cluster, "PartTagger") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes(cluster, "PartTagger")


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"needs ray,.*pip install 'marsad\[ray\]'"):
        next(tag_on_ray(job_for(tmp_path), [find_sources(["نص"])]))


def test_a_cluster_that_is_not_there_is_told_at_once() -> None:
    ray = SimpleNamespace(is_initialized=lambda: False)  # its init() would try for minutes
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(InputError, match=f"no Ray cluster at {address} .*ray start --head"),
            ray_cluster.joined(ray, job_for(None), address, None),
        ):
            pass


def test_standard_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--engine local"):
        next(tag_on_ray(job_for(tmp_path), [find_sources(["-"])]))


def answer(part: PartId) -> bytes:
    return pickle.dumps(PartResult(part, None, 0, "", 0, 0, [], Coverage()))


@given(st.lists(st.integers(0, 3), max_size=4), st.data())
def test_each_part_comes_once_in_whatever_order_answers_come(
    shards: list[int], data: st.DataObject
) -> None:
    parts = [PartId(s, i) for s, count in enumerate(shards) for i in range(count)]
    rows = [answer(part) for part in parts]
    rows += [pickle.dumps(ray_engine._ShardEnd(s, count)) for s, count in enumerate(shards)]
    again = data.draw(st.lists(st.sampled_from(rows), max_size=3)) if rows else []
    shuffled = data.draw(st.permutations(rows + again))
    assert sorted(r.id for r in ray_engine._each_once(iter(shuffled), len(shards))) == parts
    if rows:
        lost = data.draw(st.integers(0, len(rows) - 1))
        with pytest.raises(MarsadError, match="--resume"):
            list(ray_engine._each_once(iter(rows[:lost] + rows[lost + 1 :]), len(shards)))
