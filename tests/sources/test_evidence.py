"""The gate for evidence files, and the store behind it: 10,000 broken uploads, one at a time."""

import hashlib
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from directory.sources import evidence
from directory.sources.evidence import (
    JPEG,
    LARGEST,
    PDF,
    PNG,
    Accepted,
    EvidenceDamaged,
    EvidenceStore,
    FileRefused,
    inspect,
)
from directory.sources.evidence_images import LARGEST_PIXELS, TooManyPixels, redraw
from directory.sources.sealing import Sealer

SCRIPT = b"<script>alert(1)</script>"
BATCH = Path(__file__).with_name("upload_batch.py")
ROOT = Path(__file__).parents[2]
UPLOADS = 10_000
PDF_FILE = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << >>\n%%EOF\n"


def picture(kind, size=(64, 48), mode="RGB", **saving):
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(out, kind, **saving)
    return out.getvalue()


def with_secrets(kind):
    """Return a picture that carries a script and a place in every corner its format has."""
    exif = Image.Exif()
    exif[0x010E] = SCRIPT.decode()
    exif[0x8825] = {1: "N", 2: (33.0, 26.0, 0.0)}
    saving = {"exif": exif, "icc_profile": SCRIPT * 20}
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Comment", SCRIPT.decode())
        texts.add_itxt("XML:com.adobe.xmp", SCRIPT.decode(), zip=False)
        saving["pnginfo"] = texts
    else:
        saving["comment"] = SCRIPT
    return picture(kind, **saving) + SCRIPT + b"PK\x03\x04"


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", JPEG), ("PNG", PNG)])
def test_a_picture_is_drawn_anew_and_carries_nothing_else(kind, media_type):
    sent = with_secrets(kind)
    assert SCRIPT in sent
    kept = inspect(sent)
    assert kept.media_type == media_type
    assert kept.sha256 == hashlib.sha256(kept.data).hexdigest()
    for secret in (SCRIPT, b"Exif", b"ICC", b"iCCP", b"tEXt", b"iTXt", b"PK\x03\x04"):
        assert secret not in kept.data, secret
    with Image.open(io.BytesIO(kept.data)) as image:
        assert image.size == (64, 48)
        assert not image.getexif()
        assert "icc_profile" not in image.info


def test_the_control_without_redrawing_leaks_the_script():
    assert SCRIPT in inspect(with_secrets("PNG"), redraw=bytes).data


def test_the_same_picture_gives_the_same_file():
    sent = picture("JPEG")
    assert inspect(sent) == inspect(sent)


def test_a_turned_picture_is_turned_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(redraw(picture("JPEG", exif=exif)))) as image:
        assert image.size == (48, 64)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_every_sort_are_drawn(mode):
    out = io.BytesIO()
    Image.new(mode, (9, 9)).save(out, "PNG")
    assert inspect(out.getvalue()).media_type == PNG


def test_a_pdf_is_kept_as_it_was_sent():
    assert inspect(PDF_FILE) == Accepted(PDF_FILE, PDF, hashlib.sha256(PDF_FILE).hexdigest())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\xff\xd8\xff" + b"x" * LARGEST, "too_large"),
        (b"GIF89a" + b"\0" * 40, "kind"),
        (b"<html>" + SCRIPT, "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "kind"),
        (b"PK\x03\x04zip", "kind"),
        (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR", "kind"),
        (SCRIPT + PDF_FILE, "kind"),
        (b"%PDF-1.4 and no end", "kind"),
        (b"\x89PNG\r\n\x1a\n" + SCRIPT, "broken"),
        (picture("JPEG")[:400], "broken"),
    ],
)
def test_what_is_not_taken_says_why(data, code):
    with pytest.raises(FileRefused) as refused:
        inspect(data)
    assert refused.value.code == code


def test_too_many_pixels_are_refused_from_the_header():
    out = io.BytesIO()
    Image.new("1", (20_000, 1_001)).save(out, "PNG")
    assert LARGEST_PIXELS < 20_000 * 1_001
    with pytest.raises(FileRefused) as refused:
        inspect(out.getvalue())
    assert refused.value.code == "pixels"
    out = io.BytesIO()
    Image.new("1", (19_999, 19_999)).save(out, "PNG")
    with pytest.raises(TooManyPixels):
        redraw(out.getvalue())


def test_the_process_that_draws_is_held_to_its_limits(monkeypatch, tmp_path):
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from directory.sources.evidence_images import take_limits\n"
        "take_limits()\n"
        "try:\n    held = bytearray(1 << 30)\nexcept MemoryError:\n    sys.exit(7)\n"
    )
    assert subprocess.run([sys.executable, greedy]).returncode == 7
    sleepy = tmp_path / "sleepy.py"
    sleepy.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(evidence.evidence_images, "__file__", str(sleepy))
    monkeypatch.setattr(evidence, "SECONDS", 0.2)
    with pytest.raises(FileRefused):
        inspect(picture("PNG"))


@pytest.fixture(scope="module")
def batch():
    """What became of 10,000 mutated uploads, and of the same through a gate that does not draw."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, BATCH, str(UPLOADS)], capture_output=True, text=True, env=env, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_no_mutated_upload_gets_through_as_it_was_sent(batch):
    assert batch["sent"] == UPLOADS
    assert batch["unexpected"] == []
    assert batch["images_as_sent"] == 0
    assert batch["scripts_in_images"] == 0
    assert batch["kinds"].keys() <= {JPEG, PNG, PDF}
    assert batch["kept"] > UPLOADS / 20, "hardly anything got through: the test proves little"
    assert batch["refused"] > UPLOADS / 10, "hardly anything was refused"
    assert batch["most_memory_mb"] < 300
    assert batch["slowest_seconds"] < 2


def test_the_control_gate_lets_scripts_through(batch):
    assert batch["scripts_without_drawing"] > 50


def test_the_store_keeps_files_by_their_hash_and_for_good(tmp_path):
    store = EvidenceStore(tmp_path / "evidence")
    kept = inspect(PDF_FILE)
    store.keep(kept)
    store.keep(kept)
    files = [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [kept.sha256]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o400
    assert store.read(kept.sha256) == PDF_FILE
    files[0].chmod(0o600)
    files[0].write_bytes(PDF_FILE + b"x")
    with pytest.raises(EvidenceDamaged):
        store.read(kept.sha256)
    files[0].unlink()
    with pytest.raises(EvidenceDamaged):
        store.read(kept.sha256)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63 + "/"])
def test_the_store_opens_nothing_but_hashes(tmp_path, name):
    with pytest.raises(EvidenceDamaged):
        EvidenceStore(tmp_path).read(name)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        EvidenceStore(tmp_path).keep(inspect(PDF_FILE))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_sealed_number_opens_under_its_own_secret_only():
    sealer = Sealer("a secret of at least some length")
    sealed = sealer.seal("AP5836727")
    assert "5836727" not in sealed
    assert sealed != sealer.seal("AP5836727")
    assert sealer.open(sealed) == "AP5836727"
    assert Sealer("another secret").open(sealed) is None
    assert sealer.open(sealed[:-4] + "AAAA") is None
