"""The oracle's reading of what is tried first, and of the counters: `oracle.py` goes on from here (D12, D2, A24, S35)."""

from collections.abc import Mapping

from tests.decisions.table import Answer, Row


def refused(reason: str, rule: str, *, address: str = "–", account: str = "–", codes: str = "–", **more: str) -> Answer:
    return Answer("refused", reason, rule, address=address, account=account, codes=codes, **more)


def first_refused(row: Mapping[str, str]) -> Answer | None:
    """D12: address blocked, account blocked, unknown, category or login state, secret."""
    guessed = row["by"] == "password"  # A24: password failures do not apply to single sign-on
    stopped = keys_refused(row, guessed=guessed, hashed=guessed, codes=False)
    if stopped is not None:
        return stopped
    found = _who_refused(row) or _place_refused(row)
    looked = "–" if not guessed else "dummy" if found or row["password"] == "none" else "stored"  # D2
    if found is None:
        found = _password_refused(row) if guessed else _assertion_refused(row)
    if found is None:
        return None
    charge = "counted" if guessed else "given back"  # D12: every name given is charged on both keys
    return found._replace(address=charge, account=charge, hash=looked)


def keys_refused(row: Mapping[str, str], *, guessed: bool, hashed: bool, codes: bool) -> Answer | None:
    """S36, S37, A26, D2, D13; Reading: a key that is full is no failure, and gives back what others charged."""
    if row["address key"] == "blocked":
        return refused("address_blocked", "S37")
    if row["address key"] == "full":
        return Answer("busy")
    looked = "dummy" if hashed else "–"  # D2: a refusal on the account key costs one dummy hash
    account = row["account key"]
    if account == "full":
        return refused("account_busy", "S36", address="given back", hash=looked)
    if account != "admits":
        # D2: it counts for the address, unless that is switched off. Reading: where nothing is guessed it does not.
        counts = guessed and account != "blocked, uncounted"
        rule = "D4" if account == "hard cap" else "S36"
        return refused("account_blocked", rule, address="counted" if counts else "given back", hash=looked)
    if codes and row["codes key"] != "admits":  # D13; Reading: the right password was proven, so it is no failure
        reason = "codes_blocked" if row["codes key"] == "blocked" else "codes_busy"
        return refused(reason, "D13", address="given back", account="given back", hash=looked)
    return None


def _who_refused(row: Mapping[str, str]) -> Answer | None:
    who, by = row["who"], row["by"]
    if who in ("nobody", "looser name") or (who == "contact" and by == "password"):  # A4: a contact has no name
        return refused("unknown", "D11")
    if who == "contact":
        return refused("inactive", "S14")
    if who.endswith("invited"):
        return refused("invited", "S12")
    return refused("disabled", "D12") if "disabled" in who else None


def _place_refused(row: Mapping[str, str]) -> Answer | None:
    """S3, S16, A24, S25; Reading: in this order, for D12 calls them all the login's state."""
    if row["home"] != "own":
        return refused("no_home", "S3")
    sso = _comes_by_sso(row)
    if sso != (row["by"] == "sso"):
        return refused("sso_only" if sso else "not_by_sso", "A24")
    return _dormant(row)


def _comes_by_sso(row: Mapping[str, str]) -> bool:
    """A24: the user's own mode, or their structure's."""
    if row["mode"] == "as tried":
        return row["by"] == "sso" or (row["by"] == "enter" and row["proved"].startswith("sso"))
    return row["mode"] in ("sso", "own sso")


def _dormant(row: Mapping[str, str]) -> Answer | None:
    """S25, A19, D15: at two months exactly; the strictest of the levels, and main administrators never."""
    structure = "platform" if row["who"].startswith("multi-entity") else "entity"
    levels = {
        "installation": "installation",
        "structure": structure,
        "both": ", ".join(sorted(("installation", structure))),
        "structure, longer": "installation",
    }
    if row["seen"] != "long ago" or row["dormancy"] == "nobody":
        return None
    return refused("dormant", "S25", levels=levels[row["dormancy"]])


def _password_refused(row: Mapping[str, str]) -> Answer | None:
    reasons = {
        "none": ("no_password", "D9"),
        "wrong": ("wrong_secret", "S36"),
        "unusable": ("unusable_credential", "S36"),
    }
    return refused(*reasons[row["password"]]) if row["password"] in reasons else None


def _assertion_refused(row: Mapping[str, str]) -> Answer | None:
    """S35: none, too old or from the future; each once."""
    if row["assertion"] in ("stale", "future", "undated"):
        return refused("stale_assertion", "S35")
    return refused("replayed_assertion", "S35") if row["assertion"] == "replayed" else None


def proof_refused(row: Mapping[str, str]) -> Answer | None:
    """S3, S16, D12: entering asks whom the session belongs to, and whether it still does; it charges nothing."""
    if not row["who"].endswith("enabled") or row["proof"] == "outdated":
        return refused("outdated_proof", "D12")
    if row["home"] != "own":
        return refused("no_home", "S3")
    if _comes_by_sso(row) != row["proved"].startswith("sso"):
        return refused("outdated_proof", "A24")
    if (dormant := _dormant(row)) is not None:
        return dormant
    if row["entity"] == "gone":
        return refused("no_structure", "S3")
    if row["entity"] == "another":
        multi = row["who"].startswith("multi-entity")
        return refused("not_authorised", "S16") if multi else refused("other_structure", "S3")
    return None


def first_proven(row: Row) -> set[str]:
    if row["by"] == "password":
        return {"password"}
    if row["by"] == "sso":
        return {"sso", "sso_second"} if row["acr"] == "trusted" else {"sso"}  # S35: an unknown acr is a single factor
    proved = {
        "password and code": {"password", "totp"},
        "sso trusted": {"sso", "sso_second"},
        "sso and code": {"sso", "totp"},
    }
    return set(proved.get(row["proved"], {row["proved"]}))
