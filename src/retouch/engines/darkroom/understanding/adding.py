"""Clauses that put things into the picture: "add a flamingo in the pool", "replace the cup with a vase"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from retouch.engines.darkroom import assets
from retouch.engines.darkroom.understanding.clauses import Clause, joins
from retouch.engines.darkroom.understanding.edits import read_edit
from retouch.engines.darkroom.understanding.insertion import Insertion, after_verb, read_insertion
from retouch.engines.darkroom.understanding.placing import words_of
from retouch.engines.darkroom.understanding.reading import NO_MASK, Reading
from retouch.engines.darkroom.understanding.vocabulary import Item, Vocabulary

_FORMS = ("op.looks", "op.verbs", "op.whole")
_LONGEST_NAME = 12
_WISH = re.compile(
    "(?:i|we) (?:want|need|would (?:like|love))(?: to (?:see|have))?$|i am looking for|would like to see|"
    "(?:can|could|may) (?:i|we) .*(?:have|get|see)$|how about$"
)
_BEGS = re.compile("(?:.* )?(?:please|would (?:be|look) .*|thanks|thank you|need|needs)$")
_OF_IT = re.compile(" (?:of|in) (?:this )?(?:image|picture|photo|photograph|scene)$")
_EFFECTS = ("effect", "literal", "other")
_REALISTIC = words_of("insert", "realistic")
_DRAWN = "puts in drawings of things, no photographs of them"
_WORN = "dresses nobody: it puts hats, glasses and the like on people; of other things say where they go"
_CROWD = 5
_BY = ("with", "by", "for", "into", "to")
_COLOURED = {"colour"}
_TAKEN = "taken"


def read_adding(clause: Clause, found: Reading, lexicon: Vocabulary) -> bool:
    """Read a clause that puts something into the picture that the darkroom has; others are left alone."""
    items = [item for item in clause.items if "polite" not in item]
    ahead = 6 if any("area" in item for item in clause.items[:4]) else 2  # "In the marked spot I want ..."
    wished = any("polite" in item and _WISH.match(item.text) for item in clause.items[:ahead])
    while items and joins(items[0]):
        del items[0]
    words = [word for item in items for word in item.text.split()]
    begs = any(_BEGS.match(item.text) for item in clause.items if "polite" in item or "owing" in item)
    if begs and clause.kind == "edit" and not (wished or clause.continues) and _is_named(items, lexicon):
        items = [*_without_owing(items)]
        words = [word for item in items for word in item.text.split()]
        wished = True
    # "Add a hat to the cat and a bird in the sky"
    wished = wished or (
        clause.continues and found.verb == "apply" and words[:1] in (["a"], ["an"], ["some"], ["two"])
    )
    if not words or any(sense in item for item in items[1:] for sense in _EFFECTS):
        return False
    match clause.kind:
        case "replace":
            return _replace(items, found)
        case "fill":
            return words[:4] == ["fill", "the", "sky", "with"] and _fill_sky(items, found)
        case "edit" if found.has_mask and "verb.make" in items[0] and any("area" in item for item in items[1:4]):
            return _replace(items, found)  # "Turn the marked object into a bicycle"
        case "edit":
            return _add(items, words, found, lexicon, wished=wished)
    return False


def _add(
    items: Sequence[Item], words: Sequence[str], found: Reading, lexicon: Vocabulary, *, wished: bool
) -> bool:
    """``wished``: it began with "I would like", which needs no verb."""
    verb = after_verb(words)
    if not (verb or wished):
        return False
    head: list[Item] = []
    rest = list(items)
    while rest and verb > 0:
        verb -= len(rest[0].text.split())
        head.append(rest.pop(0))
    parts = _parts(rest)
    read = [None if _is_edit(part, lexicon) else read_insertion(part) for part in parts]
    if verb or not any(part and "name" in part.params for part in read):
        return False
    _share(read, parts)
    for part, insertion in zip(parts, read, strict=True):
        if insertion is not None and insertion.called == _TAKEN:
            continue
        if insertion is None:
            edit = Clause()
            for item in [*head[:1], *part]:
                edit.add(item)
            read_edit(edit, found, lexicon)
        else:
            _insert(insertion, part, found)
    return True


def _is_named(items: Sequence[Item], lexicon: Vocabulary) -> bool:
    """Whether ``items`` are things and nothing else: "a rainbow top left, please"."""
    parts = _parts([*_without_owing(items)])
    if (
        not parts
        or any("image" in item for item in parts[0][:3])
        or any(_is_edit(part, lexicon) for part in parts)
    ):
        return False
    read = [read_insertion(part) for part in parts]
    named = [one for one in read if "name" in one.params]
    only = all("name" in one.params or one.params.keys() == _COLOURED for one in read)
    return bool(named) and only and not any(one.strange or one.reasons for one in read)


def _without_owing(items: Sequence[Item]) -> Iterator[Item]:
    """ "A star would be nice in the sky" without what makes it a wish."""
    for item in items:
        last = item.text.split()[-1]
        if "owing" not in item:
            yield item
        elif last in ("in", "on"):
            yield Item(last)


def _share(read: Sequence[Insertion | None], parts: Sequence[Sequence[Item]]) -> None:
    """Give those of ``read`` that name only a colour the thing beside them: "red and blue balloons", "balloons,
    red and blue ones". ``parts``: what was said of each."""
    shared: dict[int, list[Insertion]] = {}
    for at, one in enumerate(read):
        if one is None or "name" in one.params or one.strange or one.spot or not one.params.keys() >= _COLOURED:
            continue
        ahead = next((other for other in read[at + 1 :] if other and "name" in other.params), None)
        before = next((other for other in reversed(read[:at]) if other and "name" in other.params), None)
        another = parts[at][0].text.split()[0] in ("a", "an", "another")  # "A red car and a blue one"
        if before is not None and "colour" not in before.params and not another:
            before.params |= one.params
            one.called = _TAKEN
            before.own = before.own and not before.some
            shared[id(before)] = [before]
        elif before is not None and (ahead is None or ahead.params["name"] == before.params["name"]):
            one.params = {**before.params, **one.params}
            if group := shared.get(id(before)):
                group.append(one)
                shared[id(one)] = group
        elif ahead is not None and "colour" in ahead.params and (ahead.own or ahead.params.get("count", 1) > 1):
            _halve(ahead, one)
            one.params = {name: value for name, value in ahead.params.items() if name != "count"} | one.params

    for group in {id(group): group for group in shared.values()}.values():
        _divide(group)


def _divide(group: Sequence[Insertion]) -> None:
    """Of "three balloons: red, green and blue" each is one."""
    count = group[0].params.get("count", 1)
    if not group[0].own or len(group) < 2 or count < len(group):
        return
    if count % len(group):
        group[0].reasons.append("needs to be told how many there are of each colour")
        group[0].strange.append(group[0].called)
    for one in group:
        one.params["count"] = count // len(group)
        if one.params["count"] == 1:
            del one.params["count"]


def _halve(ahead: Insertion, one: Insertion) -> None:
    """Of three red and blue balloons two are red and two blue, unless it is said how many."""
    if not (ahead.own or "count" in one.params):
        ahead.params["count"] = one.params["count"] = (ahead.params["count"] + 1) // 2


def _parts(items: Sequence[Item]) -> list[list[Item]]:
    parts: list[list[Item]] = [[]]
    for item in items:
        if joins(item):
            parts.append([])
        else:
            parts[-1].append(item)
    return [part for part in parts if part]


def _is_edit(items: Sequence[Item], lexicon: Vocabulary) -> bool:
    """Whether an operation is named among ``items`` that is no part of a thing's name: a prop, a look."""
    insertion = read_insertion(items)
    at = 0
    for item in items:
        length = len(item.text.split())
        spoken = set(range(at, at + length)) <= insertion.used
        at += length
        for form in _FORMS:
            if form in item:
                puts = lexicon.operations[item.senses[form]].thing and insertion.params.get("place") != "ground"
                if puts or not spoken or item.text.startswith("in "):  # "paint my dog in oil"
                    return True
    return False


def _insert(insertion: Insertion, items: Sequence[Item], found: Reading) -> None:
    for reason in insertion.reasons:
        found.doubt(reason)
    if "name" not in insertion.params:
        if not (insertion.strange or insertion.params):
            return  # "..., matching the lighting"
        found.unknown.append(" ".join(item.text for item in items))
        found.strange += [item.text for item in items if not item.senses]
        return
    for word in insertion.strange:
        if word in _REALISTIC:
            found.doubt(_DRAWN)
        found.puzzle(Item(word))
    if insertion.worn and not found.has_mask:
        found.doubt(_WORN)
        found.puzzle(Item(insertion.called))
    if insertion.marked and not found.has_mask:
        found.doubt(NO_MASK)
    if insertion.spot and not found.has_mask:
        if _is_placed(insertion):
            found.notes.append(unplaced(insertion))
        else:
            found.doubt(
                f"cannot find '{spot_of(insertion)}' in a picture: send a mask that says where, or say 'at the "
                "bottom left', 'in the sky' or the like"
            )
            found.unknown.append(insertion.spot)
    found.add("insert", params=insertion.params)


def _is_placed(insertion: Insertion) -> bool:
    """Whether the thing has a place although the one that was named is not found: beside who the picture is of,
    where a position says, or above all that is on the ground, if it belongs in the air."""
    high = insertion.params.get("place") == "sky" and assets.thing(insertion.params["name"]).place != "ground"
    placed = "position" in insertion.params and not (insertion.sided or insertion.upon)
    return insertion.near or high or placed


def unplaced(insertion: Insertion) -> str:
    """What people are told where the place of a thing is not known."""
    return (
        f"It cannot be told where '{spot_of(insertion)}' is: '{insertion.called}' is put where there is room, and "
        "a mask would say where."
    )


def spot_of(insertion: Insertion) -> str:
    """The name of the place beside which a thing is to be."""
    return _OF_IT.sub(
        "", " ".join(word for word in insertion.spot.split() if word not in ("the", "a", "an", "my"))
    )


def _replace(items: Sequence[Item], found: Reading) -> bool:
    texts = [item.text for item in items]
    cut = next((at for at, text in enumerate(texts) if text.split()[0] in _BY), len(texts))
    rest = [*map(Item, texts[cut].split()[1:]), *items[cut + 1 :]] if cut < len(texts) else []
    if not rest or len(_parts(rest)) != 1:
        return False
    insertion = read_insertion(rest)
    named = {word for item in items[:cut] if "region" in item for word in item.text.split()}
    if "name" not in insertion.params or insertion.spot or "background" in named or "sky" in named:
        return False
    if len(" ".join(texts[:cut]).split()) > _LONGEST_NAME:
        found.unknown.append(" ".join(texts))
    if found.has_mask:
        found.add("fill")
    else:
        found.doubt(f"replaces nothing by its name alone; it {NO_MASK}")
    _insert(insertion, rest, found)
    return True


def _fill_sky(items: Sequence[Item], found: Reading) -> bool:
    cut = next((at for at, item in enumerate(items) if item.text == "with"), len(items))
    insertion = read_insertion(items[cut + 1 :])
    if "name" not in insertion.params:
        return False
    insertion.params.setdefault("place", "sky")
    insertion.params["count"] = max(_CROWD, insertion.params.get("count", _CROWD))
    _insert(insertion, items[cut + 1 :], found)
    return True
