"""The table of options, and what is made from it."""

import options_page
from anyvcr.cli.main import cli
from anyvcr.core.matching.rules import Repeats
from anyvcr.options import BY_NAME, OPTIONS


def test_the_page_of_options_is_in_step_with_the_table() -> None:
    written = options_page.PAGE.read_text(encoding="utf-8")

    assert written == options_page.page(), "run: python scripts/options_page.py"


def test_every_flag_of_the_table_is_taken_by_its_commands() -> None:
    taken = {
        (name, flag)
        for name, command in cli.commands.items()
        for parameter in command.params
        for flag in parameter.opts
    }

    stated = {(c, flag) for o in OPTIONS for c in o.commands for flag in o.flags}
    assert stated <= taken


def test_every_rule_for_repeats_can_be_chosen() -> None:
    assert BY_NAME["repeats"].choices == tuple(Repeats)
