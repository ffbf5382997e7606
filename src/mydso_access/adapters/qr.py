"""A provisioning URI as a QR code, through segno (extra `qr`)."""

from mydso_access.model.secret import Secret
from mydso_access.policy.fixed import QR_SCALE


def qr_svg(uri: Secret[str]) -> Secret[str]:
    """Return an SVG image to put into a page as it is; it refers to nothing outside, and needs no script.

    Args:
        uri: what `EnrolmentRequired.uri` holds. Whoever reads the image has the seed: never store or log it.
    """
    import segno  # noqa: PLC0415  # the extra, only where it is used

    code = segno.make_qr(uri.reveal(), error="m")
    return Secret(code.svg_inline(scale=QR_SCALE, dark="#000", light="#fff"))
