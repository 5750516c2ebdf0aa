"""bin/run: set up what is missing, then run the city until Ctrl-C."""

import argparse
import contextlib
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from launcher.city import Beside, City, load_env_file
from launcher.say import Failure, Steps, say
from launcher.serve import Child, Supervisor, answers, listen
from launcher.tree import Tree, write

WEB_PROCESSES = 2
EVERYWHERE = ("0.0.0.0", "::")


def run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bin/run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one (default 8000)")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument(
        "--no-demo", action="store_true", help="an empty city under the rules of a deployment"
    )
    parser.add_argument("--fresh", action="store_true", help="discard this tree's database and photos first")
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.port <= 65535:
        parser.error("--port is a number from 0 to 65535")

    tree = Tree.here()
    load_env_file(tree.root)
    with tree.try_lock("run") as first, contextlib.ExitStack() as stack:
        if not first:
            raise Failure(f"This tree's city is running already: {address_of(tree)}\nCtrl-C there stops it.")
        listener = stack.enter_context(listen(chosen.host, chosen.port))
        port = listener.getsockname()[1]
        city = City(tree, Steps(4 if chosen.no_demo else 5))
        city.env["GRIDCITY_DEMO"] = os.environ.get("GRIDCITY_DEMO") or ("0" if chosen.no_demo else "1")
        city.env.setdefault("GRIDCITY_ALLOWED_HOSTS", ",".join(names_of(chosen.host)))
        city.ensure_python()
        pages = Beside(city.ensure_static)
        cluster = stack.enter_context(city.database(fresh=chosen.fresh))
        city.migrate()
        if not chosen.no_demo:
            city.fill()
        with city.steps.step("Front end") as step:
            pages.join(step)
        url = f"http://{shown(chosen.host)}:{port}/"
        write(tree.var / "address", url)
        stack.callback((tree.var / "address").unlink, missing_ok=True)
        nearest = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(chosen.host, chosen.host)
        supervisor = Supervisor(children(city, listener), cluster.look_after if cluster else lambda: None)
        supervisor.run(
            ready=lambda: welcome(city, url, sample=not chosen.no_demo),
            is_ready=lambda: answers(nearest, port, "/"),
        )
        say("\nStopping.")
    return 0


def children(city: City, listener: socket.socket) -> list[Child]:
    serve: list[str | Path] = [city.python.python, "-P", "-m", "gridcity.serve"]
    serve += ["--fd", str(listener.fileno())]
    web = [Child(f"web {n + 1}", serve, city.env, (listener.fileno(),)) for n in range(WEB_PROCESSES)]
    return [*web, Child("worker", city.manage("worker"), city.env)]


def names_of(host: str) -> list[str]:
    """Names under which a browser may call us, given the address we listen on."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in EVERYWHERE:
        with contextlib.suppress(OSError):
            name = socket.gethostname()
            names += [name, *socket.gethostbyname_ex(name)[2]]
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # sends nothing; tells which of our addresses faces outside
            names.append(probe.getsockname()[0])
    else:
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(names))


def shown(host: str) -> str:
    if host in EVERYWHERE:
        return names_of(host)[-1]
    return f"[{host}]" if ":" in host else host


def address_of(tree: Tree) -> str:
    try:
        return (tree.var / "address").read_text()
    except OSError:
        return "it is still starting"


def welcome(city: City, url: str, *, sample: bool) -> None:
    print(f"\nGridCity is running at {url}   (ready after {city.steps.seconds:.1f} s; Ctrl-C stops it)")
    if sample:
        try:
            logins = json.loads(city.ask("seed_city", "--logins", "--json"))
        except Failure as fault:
            say(str(fault))  # the city itself is up, and stays up
        else:
            print("\nOne login for every post of the sample city:")
            for row in logins:
                print(f"  {row['username']:<16} {row['password']:<14} {row['post']} {row['post_en']}")
    if city.env["GRIDCITY_DEMO"] == "0":
        print("This is no demo: put a TLS proxy in front (README, Deployment); plain http is turned away.")
    sys.stdout.flush()
