"""The table that tells content types and what is kept uncompressed."""

from __future__ import annotations

import pytest

from scorm_embed.content.media_types import content_encoding_of, extension_of, is_stored, media_type_of


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("index.html", "text/html"),
        ("a/INDEX.HTM", "text/html"),
        ("x.xhtml", "application/xhtml+xml"),
        ("app.js", "text/javascript"),
        ("app.min.mjs", "text/javascript"),
        ("style.css", "text/css"),
        ("data.json", "application/json"),
        ("imsmanifest.xml", "application/xml"),
        ("logo.svg", "image/svg+xml"),
        ("film.mp4", "video/mp4"),
        ("film.M4V", "video/mp4"),
        ("segment.ts", "video/mp2t"),
        ("voice.mp3", "audio/mpeg"),
        ("subtitles.vtt", "text/vtt"),
        ("game.wasm", "application/wasm"),
        ("font.woff2", "font/woff2"),
        ("book.pdf", "application/pdf"),
        ("Build/game.framework.js.gz", "text/javascript"),
        ("Build/game.data.br", "application/octet-stream"),
        ("backup.js.gz", "application/gzip"),
        ("page", None),
        ("folder.js/page", None),
        ("page.unheard", None),
        (".htaccess", None),
        ("", None),
    ],
)
def test_the_type_comes_from_the_last_extension_in_any_case(path, media_type):
    assert media_type_of(path) == media_type


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        ("picture.svgz", "gzip"),
        ("Build/game.wasm.gz", "gzip"),
        ("Build/game.framework.js.br", "br"),
        ("backup.js.gz", None),
        ("archive.tar.gz", None),
        ("app.js", None),
    ],
)
def test_only_files_whose_loader_expects_it_are_announced_as_encoded(path, encoding):
    assert content_encoding_of(path) == encoding


@pytest.mark.parametrize("path", ["a.mp4", "a.mov", "a.wav", "a.ogg", "a.flac", "a.pdf", "a.webm", "a.m4a", "a.aac"])
def test_what_a_browser_seeks_in_is_stored(path):
    assert is_stored(path)


@pytest.mark.parametrize(
    "path", ["a.js", "a.html", "a.css", "a.json", "a.xml", "a.svg", "a.ttf", "a.bmp", "a", "a.xyz"]
)
def test_what_packs_well_or_is_unknown_is_not_stored_for_its_name(path):
    assert not is_stored(path)


@pytest.mark.parametrize("path", ["picture.svgz", "a.wasm.gz", "a.data.br", "a.gz"])
def test_what_is_encoded_in_itself_is_never_encoded_again(path):
    assert is_stored(path)


@pytest.mark.parametrize(("path", "extension"), [("a.b.C", "c"), ("a.b/c", ""), ("a", ""), ("a.", ""), ("", "")])
def test_the_extension_is_what_follows_the_last_dot_of_the_name(path, extension):
    assert extension_of(path) == extension
