"""Work for several threads at once."""

import sys
import threading


def run_threads(works):
    """Run functions in a thread each, which take turns often; raise what the first of them to fail has raised."""
    failures, barrier, interval = [], threading.Barrier(len(works)), sys.getswitchinterval()

    def run(work):
        barrier.wait()
        try:
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if failures:
        raise failures[0]
