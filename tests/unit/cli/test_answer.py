from sluiceway.cli.answer import harmless, print_lines


def test_signs_that_would_steer_a_terminal_are_seen_and_do_nothing(capsys):
    assert harmless("a\x1b[31mRED\x07 ü\ttab") == "a\\x1b[31mRED\\x07 ü\ttab"
    print_lines("x\x9b0m")
    assert capsys.readouterr().out == "x\\x9b0m\n"
