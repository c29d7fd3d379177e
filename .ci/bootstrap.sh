#!/bin/sh
# Make $VENV with the first Python >= 3.11 that works, and give it the locked uv.
set -eu

works() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

usable() {
    grep -qF "$PWD/$VENV" "$VENV/bin/activate" &&
        "$VENV/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

# An environment that was moved here, or whose Python is gone, is of no use.
if [ -e "$VENV" ] && ! usable >/dev/null 2>&1; then
    rm -rf "$VENV"
fi

if ! "$VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    for candidate in python3.11 python3 python3.13 python3.12; do
        if works "$candidate"; then
            python="$candidate"
            break
        fi
    done
    if [ -z "${python:-}" ]; then
        echo "error: no Python 3.11 or newer with the venv module was found (tried python3.11 and python3)." >&2
        echo "       Debian, Ubuntu: apt-get install python3 python3-venv; then run make again." >&2
        exit 1
    fi
    echo "making $VENV with $("$python" --version)" >&2
    "$python" -m venv "$VENV"
fi

"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: \
    --require-hashes --requirement requirements-bootstrap.lock
