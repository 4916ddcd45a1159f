#!/usr/bin/env bash
# Print the path of a Debian trixie root with a real Blender 4.3.2 and a virtual X server in it; build it if need be.
#
#     root=$(scripts/ui_test_root.sh)            # built once (two to five minutes, about 1.5 GB), then taken from the cache
#     scripts/ui_test_root.sh --if-built         # print it only if it is there already; exit status 3 if it is not
#
# STAINLESS_UI_SUITE names another Debian suite, such as sid, with another Blender.
#
# Needs Linux, the right to be root (for chroot) and mmdebstrap. The cache is $STAINLESS_UI_ROOTS, or
# ~/.cache/stainless/ui-roots; a change of this script's list of packages builds another root.
set -euo pipefail

PACKAGES=blender,python3-numpy,xvfb,xauth,imagemagick,libgl1-mesa-dri,fonts-dejavu-core
SUITE=${STAINLESS_UI_SUITE:-trixie}

fail() {
  echo "error: $1" >&2
  exit 3
}

key=$(printf '%s %s' "$SUITE" "$PACKAGES" | sha256sum | cut -c1-12)
roots=${STAINLESS_UI_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/stainless/ui-roots}
root=$roots/$SUITE-$key

if [ ! -d "$root" ]; then
  [ "${1:-}" != --if-built ] || fail "there is no root at $root; run scripts/ui_test_root.sh"
  [ "$(id -u)" = 0 ] || fail "only root may build a Debian root and chroot into it; run this as root"
  command -v mmdebstrap >/dev/null || fail "mmdebstrap is not installed; apt-get install mmdebstrap"
  mkdir -p "$roots"
  exec 9>"$roots/.lock" # two tests at once must not build it twice
  flock 9
  if [ ! -d "$root" ]; then
    part=$(mktemp -d "$roots/.part-XXXXXX")
    trap 'rm -rf --one-file-system "$part"' EXIT
    mmdebstrap --quiet --variant=minbase --include="$PACKAGES" "$SUITE" "$part/root" >&2 ||
      fail "mmdebstrap failed; is a Debian mirror within reach?"
    mv "$part/root" "$root" # whole or not at all
  fi
fi
echo "$root"
