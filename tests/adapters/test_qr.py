"""The QR code of a provisioning URI: an image for any page, that fetches nothing and shows the seed to nobody else."""

import re
from xml.etree import ElementTree as ET

import pytest

from mydso_access.adapters.qr import qr_svg
from mydso_access.adapters.totp import Totp
from mydso_access.model import Secret
from mydso_access.policy import Algorithm

SEED = Secret(b"c4nary seed of 20 by")
URI = Totp().uri(SEED, Algorithm.SHA1, "anna", "My DSO")
ENCODED = "MM2G4YLSPEQHGZLFMQQG6ZRAGIYCAYTZ"


def test_it_is_one_svg_element_to_be_put_into_a_page() -> None:
    svg = qr_svg(URI).reveal()
    assert svg.startswith("<svg ")
    root = ET.fromstring(svg)
    assert {"svg", "g", "path"} == {each.tag.rpartition("}")[2] for each in root.iter()}
    assert root.attrib["width"] == root.attrib["height"]
    assert int(root.attrib["width"]) > 100


def test_it_refers_to_nothing_outside_and_runs_nothing() -> None:
    svg = qr_svg(URI).reveal()
    assert [] == re.findall(r"href|url\(|src=|<script|\bon\w+=|<style|<image|<use|<!|<\?|@import", svg)
    assert {"http://www.w3.org/2000/svg"} >= set(re.findall(r"https?://[^\"' ]+", svg))


def test_it_has_its_own_light_ground_so_that_it_can_be_read_in_a_dark_page() -> None:
    colors = set(re.findall(r'(?:fill|stroke)="(#\w+)"', qr_svg(URI).reveal()))
    assert {"#000", "#fff"} == colors


def test_the_seed_stands_nowhere_in_it_as_text_and_nothing_of_it_is_shown() -> None:
    assert ENCODED in URI.reveal()
    image = qr_svg(URI)
    assert "Secret('***')" == repr(image) == f"{image}"
    assert not any(text in image.reveal() for text in (ENCODED, "otpauth", "anna", "My DSO"))


def test_another_seed_is_another_image_and_the_same_the_same() -> None:
    other = Totp().uri(Secret(b"another seed, 20 byt"), Algorithm.SHA1, "anna", "My DSO")
    assert qr_svg(URI) == qr_svg(URI)
    assert qr_svg(URI) != qr_svg(other)


@pytest.mark.parametrize("name", ["n" * 254, "\u00e9" * 254, "\U0001f600" * 60])
def test_the_longest_names_fit(name: str) -> None:
    assert qr_svg(Totp().uri(SEED, Algorithm.SHA256, name, "My DSO")).reveal().startswith("<svg ")
