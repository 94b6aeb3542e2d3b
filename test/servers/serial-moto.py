"""moto, one request at a time, on the port that is given.

Its own command answers each request in a thread, and looks at a condition before it writes: of two writers with the same
condition both may win, which no service that it stands for allows.
"""

import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

moto = DomainDispatcherApplication(create_backend_app)
turn = threading.Lock()


def serve(environ, start_response):
    with turn:
        answer = moto(environ, start_response)
        try:
            return list(answer)
        finally:
            getattr(answer, "close", lambda: None)()


run_simple("127.0.0.1", int(sys.argv[1]), serve, threaded=True, request_handler=MotoRequestHandler)
