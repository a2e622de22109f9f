"""What a file is, whatever it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotse.desk.file_types import OCTETS, WrongType, agreed_type, clean_name, sniff

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
JPEG, GIF, PDF, ZIP = b"\xff\xd8\xff\xe0\x00\x10JFIF", b"GIF89a\x01\x00", b"%PDF-1.7\n%", b"PK\x03\x04\x14\x00"
WEBP, MP4, OGG = b"RIFF\x10\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x18ftypmp42\x00\x00", b"OggS\x00\x02"
OLE, EXE, ELF = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"MZ\x90\x00\x03", b"\x7fELF\x02\x01"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "said", "content", "is_"),
    [
        ("a.png", "image/png", PNG, "image/png"),
        ("a.jpg", "image/jpg", JPEG, "image/jpeg"),
        ("a", "", WEBP, "image/webp"),
        ("a.pdf", OCTETS, PDF, "application/pdf"),
        ("a.docx", DOCX, ZIP, DOCX),
        ("a.docx", OCTETS, ZIP, DOCX),
        ("a.docx", OCTETS, PDF, "application/pdf"),
        ("a.zip", "application/x-zip-compressed", ZIP, "application/x-zip-compressed"),
        ("a.doc", "application/msword", OLE, "application/msword"),
        ("a.m4a", "audio/x-m4a", b"\x00\x00\x00\x20ftypM4A \x00", "audio/mp4"),
        ("a.mp4", "video/mp4", MP4, "video/mp4"),
        ("a.3gp", "video/3gpp", b"\x00\x00\x00\x18ftyp3gp4\x00", "video/3gpp"),
        ("a.ogg", "audio/ogg; codecs=opus", OGG, "audio/ogg"),
        ("a.csv", OCTETS, b"a;b\n1;2\n", "text/csv"),
        ("a.txt", "text/plain; charset=utf-8", "Grüße".encode(), "text/plain"),
        ("a.txt", "text/plain", "Grüße".encode("cp1252"), "text/plain"),
        ("a.dat", "application/x-own", b"\x00\x01\x02", "application/x-own"),
        ("a.dat", "", b"\x00\x01\x02", OCTETS),
    ],
)
def test_a_file_is_what_it_is_said_to_be_and_shows_to_be(name, said, content, is_):
    assert agreed_type(name, said, content) == is_


@pytest.mark.parametrize(
    ("name", "said", "content"),
    [
        ("a.png", "image/png", PDF),
        ("a.png", "image/png", b"GIF89a"),
        ("a.png", "image/png", b"hello"),
        ("a.png", "image/png", b"\x00\x01\x02\x03"),
        ("a.pdf", "application/pdf", ZIP),
        ("a.pdf", "application/pdf", b"just words"),
        ("a.txt", "text/plain", b"\x00\x01\x02\x03"),
        ("a.docx", DOCX, PNG),
    ],
)
def test_a_file_that_is_something_else_is_refused(name, said, content):
    with pytest.raises(WrongType) as raised:
        agreed_type(name, said, content)
    assert not raised.value.forbidden


@pytest.mark.parametrize(
    ("name", "said", "content"),
    [
        ("a.exe", OCTETS, EXE),
        ("a.png", "image/png", EXE),
        ("a", "", ELF),
        ("a.txt", "text/plain", b"#!/bin/sh\nrm"),
        ("a.txt", "text/plain", b"<html><script>alert(1)</script>"),
        ("a.txt", "text/plain", b"\xef\xbb\xbf \n<!-- x --><!DOCTYPE html>"),
        ("a.png", "image/png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>"),
        ("a.xml", "application/octet-stream", b"<?xml version='1.0'?><svg/>"),
        ("a.svg", "image/svg+xml", b"<svg/>"),
        ("a.html", "text/html", b"hello"),
        ("rechnung.pdf.scr", "application/pdf", PDF),
        ("a.js", "text/plain", b"alert(1)"),
    ],
)
def test_what_runs_or_shows_as_a_page_is_refused_under_every_name(name, said, content):
    with pytest.raises(WrongType) as raised:
        agreed_type(name, said, content)
    assert raised.value.forbidden


@given(st.text(max_size=30), st.text(max_size=40), st.binary(max_size=200))
def test_every_file_has_a_type_or_a_reason(name, said, content):
    try:
        found = agreed_type(name, said, content)
    except WrongType as error:
        found = error.found
    assert found
    assert sniff(content)


@pytest.mark.parametrize(
    ("given_name", "clean"),
    [
        ("rechnung.pdf", "rechnung.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\Foto 1.jpg", "Foto 1.jpg"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "a Set-Cookie: x.pdf"),
        ("Größe\u0000.pdf", "Größe.pdf"),
        ("  viel   Platz .pdf ", "viel Platz .pdf"),
        (".htaccess", "htaccess"),
        ("", ""),
        ("///", ""),
    ],
)
def test_a_name_shows_what_it_is(given_name, clean):
    assert clean_name(given_name) == clean


@given(st.text(max_size=400))
def test_no_name_is_too_long_or_hides_anything(name):
    found = clean_name(name)
    assert len(found) <= 150
    assert not set(found) & set("/\\\r\n\x00\u202e")
    assert clean_name(found) == found


def test_a_long_name_keeps_its_ending():
    assert clean_name("x" * 300 + ".pdf").endswith(".pdf")
