from __future__ import annotations

from retouch.engines.darkroom.understanding.tree import Tree, first_slot, slots


def grown(*phrases: tuple[str, str, str]) -> Tree:
    tree = Tree(str.split)
    for pattern, kind, value in phrases:
        tree.learn(pattern, kind, value)
    return tree


def end(tree: Tree, phrase: str) -> Tree | None:
    node: Tree | None = tree
    for word in phrase.split():
        node = None if node is None else node.branch(word)
    return node


def test_every_phrase_of_a_pattern_ends_with_its_meaning() -> None:
    tree = grown(("(turn|make up) [the] sky|clouds red", "look", "dawn"))
    for phrase in ("turn sky red", "turn the clouds red", "make up the sky red"):
        node = end(tree, phrase)
        assert node is not None
        assert node.senses == {"look": "dawn"}
    assert end(tree, "make sky") is None


def test_the_beginning_of_a_phrase_means_nothing_yet() -> None:
    node = end(grown(("make it warm", "look", "warm")), "make it")
    assert node is not None
    assert not node.senses


def test_of_two_values_for_one_kind_the_first_counts_however_late_a_branch_grows() -> None:
    tree = grown(("[very] warm", "look", "first"), ("warm", "look", "second"), ("warm", "verb", "third"))
    node = end(tree, "warm")
    assert node is not None
    assert node.senses == {"look": "first", "verb": "third"}


def test_what_is_learnt_after_a_look_is_known_as_well() -> None:
    tree = grown(("make it warm", "look", "warm"))
    assert tree.branch("turn") is None
    tree.learn("turn it cold", "look", "cold")
    node = end(tree, "turn it cold")
    assert node is not None
    assert node.senses == {"look": "cold"}


def test_a_part_in_square_brackets_may_be_missing() -> None:
    assert first_slot("[very much|so] warm") == (["", "very much", "so"], "warm")
    assert list(slots(" red|blue [sky] ")) == [["red", "blue"], ["", "sky"]]
