"""What is followed into functions, arrays, words, inputs, options and makefiles: with home it is blocked, else not."""

import pytest

from shellper.safety import Level, read_command
from shellper.safety.rules import load
from tests.safety.context import CONTEXT

# `~` stands where the path goes: home is blocked, and `build` is not.
FOLLOWED = [
    'f() { rm -rf "$1"; }; f ~',
    'f() { rm -rf "$@"; }; f a ~',
    'f() { local d=$2; rm -rf "$d"; }; f x ~',
    "f() { shift; rm -rf $1; }; f a ~",
    "set -- x ~; rm -rf $2",
    'set -- rm -rf ~; "$@"',
    "bash -c 'rm -rf \"$1\"' _ ~",
    "sh -c 'rm -rf $0' ~",
    'a=(x ~); rm -rf "${a[@]}"',
    'a=(x ~); rm -rf "${a[1]}"',
    "x=~; rm -rf ${x%/}",
    "x=~; false && x=out; rm -rf $x",
    "if true; then x=~; else x=out; fi; rm -rf $x",
    "x=out; for i in 1 2; do rm -rf $x; x=~; done",
    "IFS=,; set -- ~; x=rm,-rf,$1; $x",
    'read -r d <<< ~; rm -rf "$d"',
    "while read -r d; do rm -rf $d; done <<< ~",
    "while read -r d; do rm -rf $d; done < <(echo ~)",
    'rm -rf "$(realpath ~)"',
    "rm -rf $(cd ~ && pwd)",
    "printf -v c 'rm -rf %s' ~; $c",
    "find ~ -exec sh -c 'rm -rf \"$1\"' _ {} \\;",
    "find ~ -exec sh -c 'rm -rf {}' \\;",
    "echo ~ | xargs sh -c 'rm -rf \"$@\"' _",
    "x=~; sh <<EOF\nrm -rf $x\nEOF",
    "x=~; printf 'all:\\n\\trm -rf %s\\n' $x | make -f -",
    "x=~; printf 'all: ; rm -rf %s\\n' $x > Makefile; make",
    "x=~; echo rm -rf $x | tee run.sh; sh run.sh",
    "docker run -v ~:/data alpine rm -rf /data",
    "x=~ sh -c 'rm -rf $x'",
    "x=~; export x; sh -c 'rm -rf $x'",
    "env x=~ sh -c 'rm -rf $x'",
    "xargs -a <(echo ~) rm -rf",
    "tar --remove-files -cf x.tar ~",
    "find ~ -type f -exec dd if=/dev/zero of={} count=1 \\;",
    "cat > c.py <<'E'\nimport shutil; shutil.rmtree('~')\nE\npython3 c.py",
]


@pytest.mark.parametrize("command", FOLLOWED)
def test_paths_are_followed(command: str) -> None:
    verdict = read_command(command, CONTEXT)
    assert verdict.level is Level.BLOCK, verdict.reasons
    harmless = command.replace("~", "/home/ann/code/project/build")
    verdict = read_command(harmless, CONTEXT)
    assert verdict.level is not Level.BLOCK, verdict.reasons


@pytest.mark.parametrize(
    "command",
    [
        "tar cf x y --checkpoint=1 --checkpoint-action=exec='{}'",
        "tar cf x y --checkpoint-act=exec='{}'",
        "tar -cI '{}' -f x y",
        "rsync -ave '{}' a h:b",
        "ssh -o ProxyCommand='{}' h",
        "ssh -vo 'LocalCommand {}' h",
        "sort --compress-prog='{}' x",
        "man -P'{}' ls",
        "less '+!{}' x",
        "git -c core.pager='{}' log",
        "git rebase --exec='{}' main",
        "git submodule foreach '{}'",
        "git clone -u '{}' a b",
        "apt-get -o DPkg::Pre-Invoke::='{}' update",
        "sqlite3 x '.shell {}'",
        "psql -c '\\! {}'",
        "hyperfine ls '{}'",
        "tmux new -d -s a '{}'",
        "xterm -e '{}'",
        "make SHELL='{}'",
        "make --eval='$(shell {})'",
        "export EDITOR='{}'",
        "sudo EDITOR='{}' visudo",
        "env PAGER='{}' man ls",
        "julia -e 'run(`{}`)'",
        "parallel ::: '{}'",
        "sudo -s <<< '{}'",
        "ssh h <<< '{}'",
        "ed <<< '!{}'",
        "sed 's/.*/{}/e' x",
        "crontab <(echo '* * * * * {}')",
    ],
)
def test_what_options_words_and_inputs_run(command: str) -> None:
    verdict = read_command(command.replace("{}", "rm -rf ~"), CONTEXT)
    assert verdict.level is Level.BLOCK, verdict.reasons


@pytest.mark.parametrize(
    "command",
    [
        "tar cf x y --checkpoint=1 --checkpoint-action=exec=sh",
        "tar xf x --to-command=./x",
        "make -f -",
        "./gen | make -f -",
        "visudo",
        "EDITOR=./x crontab -e",
        "ssh -o ProxyCommand=./x h",
        "hyperbench 'rm -rf ~'",
        "VISUAL=tee visudo",
    ],
)
def test_what_isn_t_known_is_a_warning(command: str) -> None:
    assert read_command(command, CONTEXT).level is Level.WARN


@pytest.mark.parametrize(
    "command",
    [
        "tar cf x y --checkpoint=1 --checkpoint-action=dot",
        "tar -I zstd -xf x",
        "rsync -ave 'ssh -p 22' a h:b",
        "ssh -o ConnectTimeout=5 h uptime",
        "export EDITOR=vim",
        "GIT_PAGER=cat git log",
        "git bisect run make test",
        "sqlite3 x 'select 1'",
        "make CC=clang",
        "gh issue create --title 'rm -rf ~ is gone'",
        'eval "$(ssh-agent -s)"',
        "pkill -HUP server",
        'f=notes-$(date +%F).md; echo x > "$f"',
    ],
)
def test_what_people_do_every_day_is_no_alarm(command: str) -> None:
    verdict = read_command(command, CONTEXT)
    assert verdict.level < Level.WARN, verdict.reasons


def test_each_script_says_which_part_is_the_command() -> None:
    assert all(script.value.groups == 1 and script.programs for script in load().scripts)
    assert not load().helpers & (load().shells | set(load().interpreters))
