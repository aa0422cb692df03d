"""What a search finds, on both databases."""

import pytest

from eventlog.errors import InputError
from projections.search.cursors import FileKey, read_cursor, write_cursor
from projections.search.details import Level, replicas_of, tags_of
from projections.search.files import count_files, find_file, find_files
from projections.search.parser import parse_filter

# run-1 ran well, run-2 is tagged on every level, run-3 lies in another namespace
ALL_OF_2 = ["run-2/in", "run-2/mid", "run-2/out"]


FOUND = [
    # a file's own tags
    ('type = "counts" and lines >= 50', ["run-1/out"]),
    ('type = "counts"', ["run-1/out", "run-2/out"]),
    ("lines = 100", ["run-1/out"]),
    ('lines = "100"', ["run-1/out"]),
    ("lines = 1.0e2", ["run-1/out"]),
    ("lines > 100", []),
    ("draft = true", []),
    ("wanted = true", ["run-2/mid"]),
    ("wanted = 1", []),
    ("measured >= 2026-11-22T00:00:00Z", ["run-2/out"]),
    ("measured > 2026-11-22", []),
    ('measured = "2026-11-22"', ["run-2/out"]),
    # of their job, run and workflow
    ('queue = "long"', ["run-2/mid"]),
    ("tries in (1, 3)", ["run-2/mid"]),
    ('campaign = "spring"', ALL_OF_2),
    ('project = "books" and role_tag exists', []),
    ('project = "books" and queue exists', ["run-2/mid"]),
    ('tag.role = "count"', ["run-1/out", "run-2/out"]),
    # the same key on two levels
    ("quality >= 1", ["run-2/mid"]),
    ("quality < 1", ["run-2/mid"]),
    ("quality = 1.23", ["run-2/mid"]),
    ('quality = "1.23"', ["run-2/in", "run-2/mid"]),
    # texts
    ('sample startsWith "100%"', ["run-2/mid"]),
    ('sample startsWith "100_"', []),
    ('sample startsWith "100"', ["run-2/in", "run-2/mid"]),
    ('sample >= "100x"', ["run-2/in"]),
    ('sample in ("100xya", "no")', ["run-2/in"]),
    (f'long = "{"x" * 300}"', ["run-2/mid"]),
    (f'long = "{"x" * 299}"', []),
    (f'long startsWith "{"x" * 250}"', ["run-2/mid"]),
    (f'long startsWith "{"x" * 301}"', []),
    ('sample = "\' OR 1=1 --"', []),
    ("tag.\"x' OR '1'='1\" exists", []),
    # other values, no value
    ('sample != "100%_a"', ["run-2/in"]),
    ("sample exists and not wanted exists", ["run-2/in"]),
    ('type = "counts" and not lines >= 50', ["run-2/out"]),
    ('not (not type = "counts" or lines exists)', ["run-2/out"]),
    ("wanted = true or lines = 100", ["run-1/out", "run-2/mid"]),
    ("(wanted = true and size > 5) or lines = 100", ["run-1/out"]),
    # what is known of every file
    ('lfn = "mid"', ["run-1/mid", "run-2/mid"]),
    ('lfn in ("in", "out") and run = "run-1"', ["run-1/in", "run-1/out"]),
    ('lfn startsWith "mi"', ["run-1/mid", "run-2/mid"]),
    ('run = "run-2"', ALL_OF_2),
    ('run = "run-3"', []),
    ('run in ("run-1", "run-3") and role = "output"', ["run-1/out"]),
    ('workflow = "split" and role != "input"', ["run-1/mid", "run-1/out", "run-2/mid", "run-2/out"]),
    ('user = "ada" and job = "count_ID2"', ["run-1/out", "run-2/out"]),
    ('transformation = "cut"', ["run-1/mid", "run-2/mid"]),
    ('transformation startsWith "w" and task = "ID2"', ["run-1/out", "run-2/out"]),
    ('checksum = "corrupt"', ["run-2/in"]),
    ('checksum in ("verified", "computed")', ["run-1/in", "run-1/mid", "run-1/out"]),
    (f'sha256 = "{"3" * 64}"', ["run-1/out"]),
    ('site = "local"', ["run-1/mid", "run-1/out"]),
    ('site startsWith "fa" and protocol = "gsiftp"', ["run-2/in"]),
    ('site = "local" and protocol = "file"', ["run-1/mid", "run-1/out"]),
    ('site in ("local", "far") and protocol != "file"', ["run-2/in"]),
    ('run = "run-1" and size >= 7.5', ["run-1/in"]),
    ('run = "run-1" and not size > 100', ["run-1/in", "run-1/mid", "run-1/out"]),
    ('run = "run-2" and not size exists', ["run-2/mid", "run-2/out"]),
    ('run = "run-1" and created < 1970-01-02', ["run-1/in", "run-1/mid", "run-1/out"]),
    ('run = "run-1" and namespace = "secret"', []),
    # a tag with the name of a field
    ('tag.size = "huge"', ["run-2/in"]),
]


def test_filters_find_the_files_that_they_describe(find):
    assert {text: find(text) for text, _ in FOUND} == dict(FOUND)


def test_only_the_callers_namespaces_are_searched(find):
    assert find('lfn = "out"', namespaces=("secret",)) == ["run-3/out"]
    assert find('lfn = "out"', namespaces=("default", "secret")) == ["run-1/out", "run-2/out", "run-3/out"]
    assert find('lfn = "out"', namespaces=()) == []


UNINDEXED = [
    "size > 5",
    "not type exists",
    'role = "output"',
    'type = "counts" or size > 5',
    'created > 2026-01-01 and namespace = "default"',
    'not (type = "counts" and lines > 5)',
]


def test_filters_that_no_index_can_answer_are_refused_and_say_what_to_add(find):
    for text in UNINDEXED:
        with pytest.raises(InputError, match="no term that an index can answer"):
            find(text)


def test_files_of_a_plan_that_has_not_arrived_in_full_are_not_shown(folded, story):
    events = story("run-1").planned().events
    store = folded(events[:-1])
    with store.reading("data") as connection:
        assert not find_files(connection, parse_filter('lfn = "out"'), namespaces=("default",)).files


def test_an_empty_page_tells_what_was_probably_meant(folded, library):
    with folded(library).reading("data") as connection:

        def hints(text):
            return find_files(connection, parse_filter(text), namespaces=("default",)).hints

        assert hints("lnes >= 50") == ("nothing carries a tag 'lnes'; nearest: lines",)
        assert "nearest: size" in hints("sizes = 3")[0]
        assert hints('run = "run-1" and size > 99') == (
            "size is the system field; for the tag of that name write tag.size",
        )
        assert hints("lines = 7") == ()


def test_pages_stay_stable_while_files_are_added(store, story):
    from eventlog.memory import MemoryLog
    from projections.projector import Projector

    log = MemoryLog()
    where = parse_filter('type = "counts"')
    seen, after, added = [], None, 0
    for number in range(6):
        log.append(story(f"old-{number}", start=number).planned().events)
    Projector(log, store).catch_up()
    while True:
        with store.reading("data") as connection:
            page = find_files(connection, where, namespaces=("default",), first=2, after=after)
        seen += [file.run for file in page.files]
        if not page.has_next:
            break
        after, added = page.end_cursor, added + 1
        log.append(story(f"new-{added}", start=100 + added).planned().events)
        Projector(log, store).catch_up()
    assert {f"old-{number}" for number in range(6)} <= set(seen)
    assert len(seen) == len(set(seen))


def test_matches_are_counted_up_to_a_limit(folded, library):
    with folded(library).reading("data") as connection:
        where = parse_filter('workflow = "split"')
        counted = count_files(connection, where, namespaces=("default",))
        assert (counted.files, counted.exact) == (6, True)
        capped = count_files(connection, where, namespaces=("default",), limit=4)
        assert (capped.files, capped.exact) == (4, False)


def test_a_page_comes_with_replicas_and_tags_told_apart_in_a_fixed_number_of_statements(
    folded, library, statements
):
    with folded(library).reading("data") as connection, statements(connection) as said:
        page = find_files(connection, parse_filter('run = "run-2"'), namespaces=("default",))
        replicas = replicas_of(connection, [file.key for file in page.files])
        tags = tags_of(connection, page.files)
        whole = len(said)
        find_files(connection, parse_filter('run = "run-2"'), namespaces=("default",), first=1)
        one = len(said) - whole
    assert whole == one + 3
    files = {file.lfn: file for file in page.files}
    assert [(replica.site, replica.pfn) for replica in replicas[files["in"].key]] == [
        ("far", "gsiftp://far/in")
    ]
    mid = {(tag.level, tag.target, tag.key, tag.text) for tag in tags[files["mid"].key]}
    assert {
        (Level.OWN, "file", "quality", "1.23"),
        (Level.JOB, "task", "quality", "0.5"),
        (Level.JOB, "job", "queue", "long"),
        (Level.WORKFLOW, "run", "campaign", "spring"),
        (Level.WORKFLOW, "workflow", "project", "books"),
    } <= mid


def test_one_file_is_found_by_run_and_name_within_its_namespace(folded, library):
    with folded(library).reading("data") as connection:
        found = find_file(connection, "run-3", "out", namespaces=("default", "secret"))
        assert found is not None
        assert (found.namespace, found.root, found.size) == ("secret", "run-3", 3)
        assert find_file(connection, "run-3", "out", namespaces=("default",)) is None


@pytest.mark.parametrize("cursor", ["", "x", "AA", "é", "A" * 500, write_cursor(FileKey(1, 2))[:-1] + "!"])
def test_a_cursor_of_somebody_elses_is_refused(cursor):
    with pytest.raises(InputError, match="is no cursor"):
        read_cursor(cursor)


def test_a_cursor_reads_back_as_its_file():
    key = FileKey(2**63 - 1, 17)
    assert read_cursor(write_cursor(key)) == key
