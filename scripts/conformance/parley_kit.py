"""Lets an official A2A compatibility kit, unchanged, call a gateway that wants a credential.

A pytest plugin. The kits send no credential, and Parley serves no anonymous calls: so every HTTP request and gRPC call
to this machine that carries none gets the key from CONFORMANCE_KEY, but in tests that are about missing credentials
(CONFORMANCE_BARE_TESTS, a regular expression on their ids). Every outcome is written to the file descriptor
CONFORMANCE_RESULTS_FD, one JSON object a line.
"""

import collections
import functools
import json
import os
import re

import grpc
import httpx
import pytest

_LOOPBACK = ("127.0.0.1", "localhost")
_CREDENTIALS = ("authorization", "x-api-key")

_credential = "Bearer " + os.environ["CONFORMANCE_KEY"]
_bare_tests = re.compile(os.environ.get("CONFORMANCE_BARE_TESTS") or r"(?!)")
_results = os.fdopen(int(os.environ["CONFORMANCE_RESULTS_FD"]), "w", buffering=1)

_wants_credential = True


def _authorise(host, headers):
    if _wants_credential and host in _LOOPBACK and not _has_credential(headers):
        headers["Authorization"] = _credential


def _has_credential(names):
    return any(name.lower() in _CREDENTIALS for name in names)


def _patch_httpx(client_class):
    send = client_class.send

    @functools.wraps(send)
    def authorised_send(self, request, **options):
        _authorise(request.url.host, request.headers)
        return send(self, request, **options)

    client_class.send = authorised_send


def _patch_requests():
    try:
        import requests
    except ImportError:  # Only one of the kits uses it.
        return
    send = requests.Session.send

    @functools.wraps(send)
    def authorised_send(self, request, **options):
        _authorise(httpx.URL(request.url).host, request.headers)
        return send(self, request, **options)

    requests.Session.send = authorised_send


class _CallDetails(
    collections.namedtuple(
        "_CallDetails", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")
    ),
    grpc.ClientCallDetails,
):
    pass


class _Authorising(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def _authorised(self, details):
        metadata = list(details.metadata or ())
        if _wants_credential and not _has_credential(name for name, _ in metadata):
            metadata.append(("authorization", _credential))
        return _CallDetails(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )

    def intercept_unary_unary(self, continuation, client_call_details, request):
        return continuation(self._authorised(client_call_details), request)

    def intercept_unary_stream(self, continuation, client_call_details, request):
        return continuation(self._authorised(client_call_details), request)


def _patch_grpc():
    insecure_channel = grpc.insecure_channel

    @functools.wraps(insecure_channel)
    def authorised_channel(target, *args, **options):
        return grpc.intercept_channel(insecure_channel(target, *args, **options), _Authorising())

    grpc.insecure_channel = authorised_channel


_patch_httpx(httpx.Client)
_patch_httpx(httpx.AsyncClient)
_patch_requests()
_patch_grpc()


def _write(record):
    _results.write(json.dumps(record) + "\n")


def pytest_collection_finish(session):
    _write({"total": len(session.items)})


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Only the test itself goes bare: what its fixtures ask for beforehand takes a credential."""
    global _wants_credential
    _wants_credential = _bare_tests.search(item.nodeid) is None
    yield
    _wants_credential = True


def pytest_runtest_logreport(report):
    """A test's outcome is its call's, or that of the phase around it which went wrong."""
    if report.when != "call" and report.passed:
        return
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    _write({"test": report.nodeid, "outcome": outcome, "detail": _detail(report)})


def _detail(report):
    if report.passed:
        return ""
    if isinstance(report.longrepr, tuple):  # A skip: path, line, reason.
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext
