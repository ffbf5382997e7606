"""What a new password is made of: common words, rows of keys, the names around its user (A5; ASVS 5.0, 6.2.4, 6.2.11)."""

import itertools
import unicodedata

from mydso_access.model.secret import Secret
from mydso_access.model.structure import StructureRecord
from mydso_access.model.user import User
from mydso_access.policy.fixed import LEAST_OF_ITS_OWN, LEAST_WORD, MOST_ADDED

# What people write for a letter; the digit one stands for two of them.
LOOKS = str.maketrans(
    {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s", "€": "e"}
)
ONE = (str.maketrans({"1": "i", "!": "i", "|": "i"}), str.maketrans({"1": "l", "!": "l", "|": "l"}))
# The alphabet, and the rows of keyboards that are sold here.
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertzuiopasdfghjklyxcvbnm",
)


def cores(password: Secret[str]) -> frozenset[Secret[str]]:
    """Return the words that a password may be a variant of: `Password1!` and `P@ssw0rd` are both `password`.

    In lower case, what stands for a letter read as that letter, what is added before and after left out, and what is
    written twice or more taken once. A word that is less than half of the password does not make it common.

    Args:
        password: the password to be set, of a form that can be hashed.
    """
    text = folded(password.reveal())
    stripped = text.strip("".join(character for character in text if not character.isalpha()))
    numbered = text.strip("".join(character for character in text if not character.isalnum()))
    read = (_letters(each.translate(LOOKS).translate(one)) for each in (text, stripped) for one in ONE)
    shorter = (numbered[:-added] for added in range(1, MOST_ADDED + 1) if numbered[-added:].isdigit())
    words = {text, numbered, stripped, _letters(text), *read, *shorter}
    return frozenset(Secret(_once(word)) for word in words if word and 2 * len(word) >= len(text))


def is_a_row(core: Secret[str]) -> bool:
    """Tell whether a core is one letter again and again, or letters that follow one another, in either direction."""
    word = core.reveal()
    if len(word) < LEAST_WORD:
        return False
    return len(set(word)) == 1 or any(word in row or word[::-1] in row for row in ROWS)


def is_made_of(password: Secret[str], names: frozenset[str]) -> bool:
    """Tell whether hardly anything is left of a password without the names around its user.

    Args:
        password: the password to be set.
        names: what `names_around` returned.
    """
    text = folded(password.reveal())
    for read in (text, *(text.translate(LOOKS).translate(one) for one in ONE)):
        left = _letters(read)
        found = False
        for name in sorted(names, key=len, reverse=True):
            found = found or name in left
            left = left.replace(name, "")
        if found and len(left) < LEAST_OF_ITS_OWN:
            return True
    return False


def names_around(user: User, home: StructureRecord | None, own: frozenset[str]) -> frozenset[str]:
    """Return the names that a password must not be made of: the user's, the structure's, the host's product.

    Args:
        user: whose password.
        home: the user's structure.
        own: names of the host's own: its product, its company.
    """
    email = "" if user.email is None else user.email.address.partition("@")[0]
    texts = (user.name or "", user.full_name or "", email, "" if home is None else home.title, *own)
    words = itertools.chain.from_iterable((_letters(folded(text)), *_parts(folded(text))) for text in texts)
    return frozenset(word for word in words if len(word) >= LEAST_WORD)


def folded(text: str) -> str:
    """Return a text without case and width."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _parts(text: str) -> list[str]:
    return "".join(character if character.isalpha() else " " for character in text).split()


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalpha())


def _once(word: str) -> str:
    """Return the shortest text that a word repeats, or the word; one letter again and again stays what it is."""
    return word if len(set(word)) == 1 else word[: (word + word).find(word, 1)]
