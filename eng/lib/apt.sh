# shellcheck shell=bash
# Debian packages for the scripts in eng/, without a change to the host's own package sources: a private apt
# configuration with its own source list and index folder. To be sourced; expects `set -euo pipefail`.
#
#   apt_setup DIR              use DIR for the private configuration (made when missing)
#   apt_update                 fetch the package indexes, unless they are there; `apt_update --again` in any case
#   apt_version NAME[/new]...  NAME=VERSION for each: what would be taken
#   apt_depends NAME=VERSION   what it depends on, a name a line; of alternatives the first
#   apt_unpack DIR NAME=VERSION...  fetches packages and unpacks them into DIR, not installing anything
#   apt_install NAME[/new]...  installs on this host (as root)
#
# NAME/new is the package from backports where the release has such (Debian 12), and the release's own elsewhere.

APT_OPTIONS=()
APT_DIR=
APT_BACKPORTS=

apt_fail() {
    echo "$1" >&2
    exit 1
}

# The mirror this host already uses for Debian itself: it is the one that can be reached from here.
apt_mirror() {
    local suffix=$1 file uri
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ -r "$file" ] || continue
        while read -r uri; do
            case $uri in
                */"$suffix" | */"$suffix"/)
                    echo "$uri"
                    return
                    ;;
            esac
        done < <(sed -nE -e 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p' \
            -e 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' "$file")
    done
    echo "http://deb.debian.org/$suffix"
}

apt_setup() {
    APT_DIR=$1
    local release keyring=/usr/share/keyrings/debian-archive-keyring.gpg suites sources
    release=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_CODENAME:-unknown}")
    case $release in
        # Debian 12's own QEMU (7.2) and kernel (6.1) are too old; its backports have what Debian 13 has in main.
        "debian bookworm")
            suites="bookworm bookworm-updates bookworm-backports"
            APT_BACKPORTS=bookworm-backports
            ;;
        "debian trixie") suites="trixie trixie-updates" ;;
        *) apt_fail "Found $release, expected Debian 12 (bookworm) or 13 (trixie)." ;;
    esac
    [ -e "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
    mkdir -p "$APT_DIR"/{parts,lists/partial,archives/partial}
    # Packages only: no translations, no software-centre data. It is most of what an update would fetch.
    sources="Types: deb
URIs: $(apt_mirror debian)
Suites: $suites
Components: main
Targets: Packages
Signed-By: $keyring

Types: deb
URIs: $(apt_mirror debian-security)
Suites: ${release#debian }-security
Components: main
Targets: Packages
Signed-By: $keyring"
    if [ "$(cat "$APT_DIR/parts/debian.sources" 2>/dev/null)" != "$sources" ]; then
        printf '%s\n' "$sources" >"$APT_DIR/parts/debian.sources"
        rm -f "$APT_DIR/updated"
    fi
    APT_OPTIONS=(
        -q
        -o Dir::Etc::sourcelist=/dev/null
        -o "Dir::Etc::sourceparts=$APT_DIR/parts"
        -o "Dir::State::Lists=$APT_DIR/lists"
        -o "Dir::Cache=$APT_DIR"
        -o "Dir::Cache::archives=$APT_DIR/archives"
        # Container images switch these off, and then each call would read all indexes anew.
        -o Dir::Cache::pkgcache=pkgcache.bin
        -o Dir::Cache::srcpkgcache=srcpkgcache.bin
        # The cache folder may be one that the user _apt cannot enter; what is fetched is checked by signature anyway.
        -o APT::Sandbox::User=
        -o Acquire::Languages=none
        -o Acquire::Retries=3
    )
}

# Mirrors fail for moments; a person who waits for a build would just start it again, so do that here.
apt_retry() {
    local try
    for try in 1 2 3; do
        "$@" && return
        [ "$try" = 3 ] || sleep $((try * 3))
    done
    return 1
}

apt_update() {
    [ "${1:-}" = --again ] || [ ! -e "$APT_DIR/updated" ] || return 0
    apt_retry apt-get "${APT_OPTIONS[@]}" update >&2 || apt_fail "Could not fetch Debian's package indexes."
    touch "$APT_DIR/updated"
}

apt_version() {
    local package name version
    for package in "$@"; do
        name=${package%/new}
        if [ "$name" != "$package" ] && [ -n "$APT_BACKPORTS" ]; then
            version=$(apt-cache "${APT_OPTIONS[@]}" -t "$APT_BACKPORTS" policy "$name")
        else
            version=$(apt-cache "${APT_OPTIONS[@]}" policy "$name")
        fi
        version=$(sed -n 's/^  Candidate: //p' <<<"$version")
        case $version in
            "" | "(none)") apt_fail "Debian's package indexes have no $name." ;;
        esac
        echo "$name=$version"
    done
}

apt_depends() {
    apt-cache "${APT_OPTIONS[@]}" show "$1" |
        sed -nE 's/^(Pre-)?Depends: //p' | tr ',' '\n' | sed -E 's/^ *([^ (|:]+).*/\1/' | sort -u
}

apt_unpack() {
    local into=$1 package missing=() file
    shift
    # What was fetched before stays in the archives, complete: apt renames a file only when it has all of it.
    for package in "$@"; do
        compgen -G "$(apt_archive "$package")" >/dev/null || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        (cd "$APT_DIR/archives" && apt_retry apt-get "${APT_OPTIONS[@]}" download "${missing[@]}" >&2) ||
            apt_fail "Could not fetch ${missing[*]}. The package indexes may be old: try --refresh."
    fi
    for package in "$@"; do
        file=$(compgen -G "$(apt_archive "$package")" | head -n 1)
        dpkg-deb -x "$file" "$into"
    done
}

# A pattern for the file of NAME=VERSION: only its architecture is open.
apt_archive() {
    local version=${1#*=}
    echo "$APT_DIR/archives/${1%%=*}_${version//:/%3a}_*.deb"
}

apt_install() {
    local new=() own=() package
    for package in "$@"; do
        case $package in
            */new) new+=("${package%/new}") ;;
            *) own+=("$package") ;;
        esac
    done
    [ ${#own[@]} -eq 0 ] || apt_install_from "" "${own[@]}"
    # As the target release, so that what they depend on comes from backports too: their libraries are as new as they are.
    [ ${#new[@]} -eq 0 ] || apt_install_from "$APT_BACKPORTS" "${new[@]}"
}

apt_install_from() {
    local release=$1
    shift
    DEBIAN_FRONTEND=noninteractive apt_retry apt-get "${APT_OPTIONS[@]}" ${release:+-t "$release"} install -y \
        --no-install-recommends "$@" >&2 || apt_fail "Could not install $*${release:+ from $release}."
}
