#!/bin/sh
# Installs SHELLper into a virtual environment of its own. Run it again to update or repair.
set -eu

usage() {
    cat <<'END'
usage: ./install.sh [--dev | --uninstall | --help]

  (no option)   install SHELLper for this user, link it into ~/.local/bin, build its model
  --dev         make .venv in this folder with SHELLper and what its tests need
  --uninstall   remove the program, its link and its model; settings and conversations stay
END
}

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}/shellper
link=$HOME/.local/bin/shellper
llama=llama-cpp-python==0.3.36
# The wheel index that llama-cpp-python's own README names.
llama_wheels=https://abetlen.github.io/llama-cpp-python/whl/cpu
mode=user

while [ $# -gt 0 ]; do
    case $1 in
        --dev) mode=dev ;;
        --uninstall) mode=uninstall ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

# Prints how to install what is missing, for the package manager of this system.
advice() {
    if command -v apt-get >/dev/null; then
        say "sudo apt-get install python3 python3-venv g++"
    elif command -v dnf >/dev/null; then
        say "sudo dnf install python3 gcc-c++"
    elif command -v pacman >/dev/null; then
        say "sudo pacman -S python gcc"
    elif [ "$(uname)" = Darwin ]; then
        say "xcode-select --install && brew install python"
    else
        say "install Python 3.11 or newer and a C++ compiler"
    fi
}

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer with venv is needed; mend: $(advice)"
}

uninstall() {
    if [ -x "$data/venv/bin/shellper" ]; then
        "$data/venv/bin/shellper" engine stop >/dev/null 2>&1 || true
    fi
    if [ -L "$link" ]; then rm "$link"; fi
    rm -rf "$data/venv" "$data"/shellper-270m-q8_0.gguf "$data"/shellper-270m-q8_0.json
    say "SHELLper is removed. Settings and conversations stay in ~/.config/shellper and ~/.local/state/shellper."
}

# Makes the virtual environment, by uv where it is there; sets $venv and $bin.
make_environment() {
    venv=$1
    bin=$venv/bin
    if [ ! -x "$bin/python" ] || ! "$bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        rm -rf "$venv"
        if command -v uv >/dev/null; then
            uv venv --quiet --python '>=3.11' "$venv"
        else
            python=$(find_python)
            "$python" -m venv "$venv"
        fi
    fi
}

packages() {
    if command -v uv >/dev/null; then
        uv pip install --quiet --python "$bin/python" "$@"
    else
        "$bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    fi
}

# Runs a command, a dot every five seconds while it lasts; its words go to a log that is shown when it fails.
with_progress() {
    log=$(mktemp)
    "$@" >"$log" 2>&1 &
    job=$!
    while kill -0 "$job" 2>/dev/null; do
        sleep 5
        kill -0 "$job" 2>/dev/null && printf '.'
    done
    if wait "$job"; then
        printf ' done\n'
        rm -f "$log"
    else
        printf ' failed\n'
        tail -n 30 "$log" >&2
        rm -f "$log"
        return 1
    fi
}

install_llama() {
    if "$bin/python" -c 'import importlib.metadata as m, sys; sys.exit(m.version("llama-cpp-python") != "0.3.36")' 2>/dev/null; then
        return
    fi
    say "Looking for a ready-made llama-cpp-python ..."
    "$bin/python" -m pip --version >/dev/null 2>&1 || packages pip
    if "$bin/python" -m pip install --quiet --disable-pip-version-check --retries 0 --timeout 10 --only-binary :all: \
        --extra-index-url "$llama_wheels" "$llama" >/dev/null 2>&1; then
        return
    fi
    for compiler in cc c++; do
        command -v "$compiler" >/dev/null || fail "a C++ compiler is needed to build llama-cpp-python; mend: $(advice)"
    done
    printf 'None for this system: building llama-cpp-python from source, once (5 to 10 minutes) '
    parts="-DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_SERVER=OFF"
    CMAKE_ARGS="$parts -DLLAVA_BUILD=OFF -DMTMD_BUILD=OFF -DGGML_NATIVE=ON ${CMAKE_ARGS:-}"
    export CMAKE_ARGS
    with_progress "$bin/python" -m pip install --disable-pip-version-check "$llama" ||
        fail "llama-cpp-python could not be built; the lines above say why"
}

install_user() {
    make_environment "$data/venv"
    install_llama
    printf 'Installing SHELLper '
    with_progress packages --upgrade "$here" || fail "SHELLper could not be installed; the lines above say why"
    mkdir -p "$(dirname "$link")"
    ln -sf "$bin/shellper" "$link"
    "$bin/shellper" engine stop >/dev/null 2>&1 || true
    "$bin/shellper" model build
    answer=$("$bin/shellper" --print "list the files in this folder") || fail "the self-check failed; run: $link model verify"
    [ "$answer" = ls ] || fail "the self-check got '$answer' instead of 'ls'; run: $link model verify"
    say "SHELLper is ready: $link \"show me what is in this folder\""
    case :$PATH: in
        *":$(dirname "$link"):"*) ;;
        *) say "$(dirname "$link") is not in your PATH; add it to call the program as plain shellper." ;;
    esac
}

install_dev() {
    make_environment "$here/.venv"
    for program in zip unzip; do
        command -v "$program" >/dev/null || say "$program is missing: the tests that need it are skipped; mend: install zip and unzip"
    done
    install_llama
    printf 'Installing SHELLper and what its tests need '
    with_progress packages --editable "$here[dev]" || fail "the tests' packages could not be installed; see above"
}

case $mode in
    uninstall) uninstall ;;
    dev) install_dev ;;
    user) install_user ;;
esac
