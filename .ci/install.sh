#!/bin/sh
# Install the lock, then the project itself, into $VENV; bytecode is compiled now, once.
set -eu
PYTHON="$VENV/bin/python"

# LightGBM's wheel needs the system's OpenMP runtime, which a bare machine may lack.
if [ "$(uname -s)" = Linux ] && ! "$PYTHON" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' >/dev/null 2>&1; then
    echo "error: the system library libgomp.so.1 is missing; LightGBM cannot run without it." >&2
    echo "       Debian, Ubuntu: apt-get install libgomp1    Fedora: dnf install libgomp" >&2
    exit 1
fi

# Without a cache that can be written, uv keeps one for this run only.
cache="${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}"
if ! { mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null; then
    export UV_NO_CACHE=1
fi
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1

echo "installing requirements.lock" >&2
"$VENV/bin/uv" pip sync --quiet --python "$PYTHON" --require-hashes --compile-bytecode \
    --build-constraints requirements-bootstrap.lock requirements.lock
"$VENV/bin/uv" pip install --quiet --python "$PYTHON" --no-deps --no-build-isolation --editable .
