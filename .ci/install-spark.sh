#!/bin/sh
# Make $SPARK anew, with Spark and whatever $VENV has.
set -eu

if ! java -version >/dev/null 2>&1; then
    echo "error: Spark needs Java 17 or 21, and no java was found on the path." >&2
    echo "       Debian, Ubuntu: apt-get install openjdk-17-jre-headless" >&2
    exit 1
fi
cache="${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}"
if ! { mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null; then
    export UV_NO_CACHE=1
fi
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1

echo "installing requirements-spark.lock" >&2
rm -rf "$SPARK"
"$VENV/bin/python" -m venv --without-pip "$SPARK"
"$VENV/bin/uv" pip sync --quiet --python "$SPARK/bin/python" --require-hashes --compile-bytecode \
    --build-constraints requirements-bootstrap.lock requirements-spark.lock
printf '#!/bin/sh\nexec "%s" -m sluiceway "$@"\n' "$(pwd)/$SPARK/bin/python" >"$SPARK/bin/sluiceway"
chmod +x "$SPARK/bin/sluiceway"
packages='import sysconfig; print(sysconfig.get_path("purelib"))'
echo "import site; site.addsitedir('$("$VENV/bin/python" -c "$packages")')" >"$("$SPARK/bin/python" -c "$packages")/beside.pth"
