"""Where a trace begins, with a tracer and without one."""

import pytest

from lotse.runtime import telemetry

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize("ratio", [0, 1])
def test_what_begins_here_has_a_trace_though_no_tracer_is_installed(ratio: int) -> None:
    with telemetry.span("POST /v1/meta", "server", telemetry.begin_trace(ratio)) as opened:
        assert telemetry.parse(opened.traceparent) is not None


def test_a_trace_that_was_begun_elsewhere_goes_on_though_no_tracer_is_installed() -> None:
    with telemetry.span("POST /v1/meta", "server", CALLER) as opened:
        assert opened.traceparent == CALLER
