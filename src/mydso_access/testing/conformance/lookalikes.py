r"""Texts that stores take for the same: collations, trimmed blanks, numbers, wildcards, quotes, cut ends."""

ID_LENGTH, NAME_LENGTH = 255, 254  # code points; the preset allows no longer names
# Digests that begin or end alike, and some that are the same number.
DIGESTS = (
    *("0" * 63 + "1", "0" * 63 + "2", "1" + "0" * 63, "2" + "0" * 63),
    *("0e" + "1" * 62, "0e" + "2" * 62, "1e" + "0" * 62, "10e" + "0" * 61),
    *("a" * 64, "a" * 32 + "b" * 32, "b" * 32 + "a" * 32),
)


def lookalikes(length: int) -> tuple[str, ...]:
    """Return texts each of which is a key of its own, in groups of which a loose comparison makes one.

    Args:
        length: of the longest, in code points.
    """
    almost = length - 1
    return (
        *("anna", "Anna", "ANNA"),
        *("anna ", " anna", "anna  ", "anna\u00a0"),
        *("rené", "rene", "rene\u0301", "renè"),
        *("straße", "strasse", "strase"),
        *("\uff41nna", "\u24d0nna"),
        *("\u0131nna", "inna", "i\u0307nna"),
        *("\ufb01nn", "finn"),
        *("\u03c3\u03b1\u03c2", "\u03c3\u03b1\u03c3"),
        *("an\u200bna", "an\u00adna", "an\u2060na"),
        *("anna\U0001f600", "anna\U0001f601", "anna\U0001f468\u200d\U0001f469", "anna\U0001f468\U0001f469"),
        *("\u0430nna", "\u03b1nna"),
        *("1", "01", "1.0", "1e0", "+1", "0x1", "\uff11"),
        *("0", "-0", "false", "null", "None", "nil", " ", "-"),
        *("o'brien", "o''brien", 'o"brien', "o`brien", "o\u2019brien", "obrien"),
        *("a\\b", "a\\\\b", "a/b", "ab"),
        *("a%", "a_", "a*", "a?", "a[b]", "a^b", "a.b"),
        *("a:b", "a:b:c", "a\x1fb", "a|b", "a,b", "a;b", "a b", "{a}b"),
        *("x" * 64, "x" * 63 + "y", "x" * 128, "x" * 127 + "y"),
        *("x" * length, "x" * almost + "y", "x" * almost),
        *("\U0001f600" * length, "\U0001f600" * almost + "\U0001f601"),
        *("é" * length, "é" * almost + "è"),
    )
