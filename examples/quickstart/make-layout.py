#!/usr/bin/env python3
"""Writes `images`, the OCI image layout of the quickstart: `hello:1.0` for linux/amd64 and linux/arm64.

Nothing in it depends on the time or the machine: running it again changes nothing.
"""

import gzip
import hashlib
import io
import json
import pathlib
import shutil
import tarfile

ROOT = pathlib.Path(__file__).parent / "images"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def document(value):
    return json.dumps(value, indent=2).encode() + b"\n"


def blob(media_type, content, **more):
    """Writes a blob and returns its descriptor."""
    name = digest(content)
    (ROOT / "blobs" / "sha256" / name.removeprefix("sha256:")).write_bytes(content)
    return {"mediaType": media_type, "digest": name, "size": len(content), **more}


def tar(path, content):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def image(architecture):
    layer = tar("hello.txt", f"hello from linux/{architecture}\n".encode())
    config = {
        "created": "2026-01-01T00:00:00Z",
        "architecture": architecture,
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "COPY hello.txt /"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blob(CONFIG, document(config)),
        "layers": [blob(LAYER, gzip.compress(layer, mtime=0))],
    }
    return blob(MANIFEST, document(manifest), platform={"architecture": architecture, "os": "linux"})


def main():
    shutil.rmtree(ROOT, ignore_errors=True)
    (ROOT / "blobs" / "sha256").mkdir(parents=True)
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [image("amd64"), image("arm64")]}
    hello = blob(INDEX, document(index), annotations={"org.opencontainers.image.ref.name": "hello:1.0"})
    (ROOT / "index.json").write_bytes(document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [hello]}))
    (ROOT / "oci-layout").write_bytes(document({"imageLayoutVersion": "1.0.0"}))


if __name__ == "__main__":
    main()
