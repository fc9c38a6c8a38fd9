# Shared by the scripts of this folder: messages, package installation, where things are.
# Sourced, never run. The sourcing script is expected to run under `set -euo pipefail`.

RAKKA_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
RAKKA_OTP_CACHE=${RAKKA_OTP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rakka/otp}

# What building Rakka takes, what its tests take on top, and the two BEAM languages it talks to.
RAKKA_BUILD_PACKAGES=(g++ cmake ninja-build ccache libboost1.81-dev libboost-context1.81-dev libssl-dev
    zlib1g-dev libfmt-dev libspdlog-dev libcli11-dev prometheus-cpp-dev)
RAKKA_TEST_PACKAGES=(libgtest-dev libgmock-dev librapidcheck-dev python3 libclang-14-dev llvm-14-dev)
RAKKA_FUZZ_PACKAGES=(clang libclang-rt-14-dev python3) # the second has libFuzzer
RAKKA_BEAM_PACKAGES=(erlang-base erlang-crypto erlang-public-key erlang-asn1 erlang-ssl erlang-runtime-tools
    erlang-tools erlang-dev elixir)
RAKKA_PEER_PACKAGES=(erlang-base erlang-dev libcaf-dev) # what scripts/bench compares with, beside scripts/otp

rakka_say() { printf '%s\n' "$*" >&2; }
rakka_die() {
    rakka_say "${0##*/}: $*"
    exit 1
}

# Runs a command as root: directly, or through sudo. Returns 1, with a message, where neither is possible.
rakka_as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        rakka_say "needs root (or sudo) for: $*"
        return 1
    fi
}

# Prints those of the given Debian packages that are not installed.
rakka_missing_packages() {
    local package
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            printf '%s\n' "$package"
        fi
    done
}

# rakka_need_packages PACKAGE…: installs what is missing; silent, offline and rootless when nothing is. Returns 1,
# with a message, when it cannot. Where there is no dpkg it names the packages and trusts that they are there.
rakka_need_packages() {
    if ! command -v dpkg-query >/dev/null; then
        rakka_say "not a Debian system: what these packages have must be there already: $*"
        return 0
    fi
    local missing log
    mapfile -t missing < <(rakka_missing_packages "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    rakka_say "installing: ${missing[*]}"
    log=$(mktemp)
    if ! { rakka_as_root apt-get update -q && rakka_as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } \
        </dev/null >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        rakka_say "could not install: ${missing[*]}"
        return 1
    fi
    rm -f "$log"
}

# rakka_need_space GB: whether so much is free where the builds go, with a message when it is not. A full disk would
# show as compilers and linkers that fail.
rakka_need_space() {
    local free
    free=$(df -Pk "$RAKKA_ROOT" | awk 'NR == 2 { print int($4 / 1024 / 1024) }')
    [ "$free" -lt "$1" ] || return 0
    rakka_say "$free GB are free for $RAKKA_ROOT, $1 are needed"
    return 1
}

# Lets a fresh clone reuse what another clone compiled: paths inside the tree do not count.
rakka_use_ccache() {
    export CCACHE_BASEDIR=$RAKKA_ROOT CCACHE_NOHASHDIR=true
}
