#!/usr/bin/env bash
# Boots the guest image, freezes it, restores two clones and attacks the NVDIMM; says what failed and how long each step
# took. Needs QEMU (eng/install.sh). Leaves no process and no file behind.
#
#   check.sh [--image DIR] [--cpu MODEL] [--kernel FILE] [--append WORDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
command -v python3 >/dev/null || { echo "Expected python3 on this host: run eng/install.sh first." >&2 && exit 1; }
exec python3 -B "$here/check.py" "$@"
