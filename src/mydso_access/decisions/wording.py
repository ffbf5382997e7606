"""What may be read of each reason: by the outside, by somebody who has proven their first factor, and in the log."""

from mydso_access.model.reason import Reason

NOT_SIGNED_IN = "The name or the password is not right."
# What people who are signed in, or hold a link, may read; every other reason is told in the words of a wrong password.
TOLD = {
    Reason.ALREADY_THERE: "It exists already.",
    Reason.CODES_BLOCKED: "Too many wrong codes.",
    Reason.CODES_BUSY: "Another code is being looked at. Please try again.",
    Reason.DEAD_SIGN_IN: "This sign-in is over. Please sign in again.",
    Reason.NO_RECIPIENT: "Your network address is not known, and nobody can be sent a code. Please ask your administrator.",
    Reason.OLD_CODE: "This code is too old. Please ask for a new one.",
    Reason.PASSWORD_DUE: "Please change your password first.",
    Reason.REPLAYED_ASSERTION: "Please sign in with your provider again.",
    Reason.SHUT_OUT: "This list of addresses would shut you out.",
    Reason.STALE_ASSERTION: "Please sign in with your provider again.",
    Reason.TOO_MANY_CODES: "Too many codes were sent.",
    Reason.USED_CODE: "This code was used already. Please wait for the next one.",
    Reason.WRONG_CODE: "The code is not right.",
    Reason.WRONG_STEP: "Something else is asked for now. Please sign in again.",
    Reason.CHANGED_MEANWHILE: "Somebody else has changed this meanwhile. Please look at it again.",
    Reason.DEAD_TOKEN: "This link is not valid any more.",
    Reason.ENTITY_ONLY: "This setting exists for entities only.",
    Reason.INSTALLATION_ONLY: "This setting cannot be changed here.",
    Reason.LAPSED: "This link is too old. Please ask for a new one.",
    Reason.LAST_MAIN_ADMINISTRATOR: "A structure needs a main administrator. Please appoint another one first.",
    Reason.MAIN_ADMINISTRATOR: "This user is a main administrator. Please withdraw that first.",
    Reason.MORE_RIGHTS: "This user has rights that you do not have.",
    Reason.NAME_TAKEN: "This login name is taken.",
    Reason.NO_STRUCTURE: "There is no such structure, or no room for it.",
    Reason.NO_USER: "There is no such user.",
    Reason.NOT_ALLOWED: "You may not do this.",
    Reason.NOT_THEIR_CUSTOMER: "There is no such customer.",
    Reason.SECOND_FACTOR_OWED: "Please prove your second factor first.",
    Reason.NO_SENDER: "Nobody can be named as the sender.",
    Reason.USED_LINK: "This link was used already. Please ask for a new one.",
    Reason.REVOKED_LINK: "This link is not valid any more.",
    Reason.GRANTER_LOST_RIGHT: "This link is not valid any more.",
    Reason.NO_RESOURCE: "This link is not valid any more.",
    Reason.NOT_AUTHORISED: "You are not authorised in this entity.",
    Reason.OTHER_STRUCTURE: "You are not authorised there.",
    Reason.OUTDATED_PROOF: "Please sign in again.",
    Reason.STEP_UP_NEEDED: "Please prove again who you are.",
    Reason.TOO_MANY_USERS: "The account has as many users as it may have.",
    Reason.WRONG_CATEGORY: "This is not possible for a user of this category.",
    Reason.WRONG_STATE: "This is not possible in the user's present state.",
}
# What only somebody reads who has proven to know the password.
TOLD_WHEN_PROVEN = {
    Reason.NO_PASSWORD: "You sign in without a password.",
    Reason.SSO_ONLY: "Please sign in with your provider again.",
    Reason.UNUSABLE_CREDENTIAL: "The code is not right.",
    Reason.MALFORMED: "The code is not right.",
    Reason.ACCOUNT_BLOCKED: "Too many wrong codes or passwords.",
    Reason.ACCOUNT_BUSY: "Another attempt is being looked at. Please try again.",
}

# After these a session has nothing left to go on with.
ENDS_SESSION = frozenset({Reason.OUTDATED_PROOF, Reason.DORMANT, Reason.NO_HOME})

# How the answer would change, or what it rests on; where time alone changes it, the refusal says when.
CHANGES = {
    Reason.ACCOUNT_BLOCKED: "; free again when the password is reset",
    Reason.ACCOUNT_BUSY: "; other attempts on this name are being evaluated, try again in a moment",
    Reason.INVITED: "; free once the password is created from the invitation, or from a new one if it has lapsed",
    Reason.DISABLED: "; free once an administrator enables the login",
    Reason.DORMANT: "; free once an administrator enables the login",
    Reason.SSO_ONLY: "; this user comes by single sign-on",
    Reason.LAPSED: "; free once a new message is sent",
    Reason.MORE_RIGHTS: "; nobody edits, or makes, whoever may do more",
    Reason.NO_STRUCTURE: "; there is none of exactly this id and kind, or no platform, which a second entity needs",
    Reason.WRONG_CATEGORY: "; an entity has active users and contacts, the platform multi-entity users; contacts have no login",
}
