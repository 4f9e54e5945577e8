"""What operators see and say: metrics, health, an overview, and orders to gateways and machines.

=================================  =====================================================================
:mod:`~sockethub.operations.metrics`  what is counted and measured (docs/reference/metrics.md)
:mod:`~sockethub.operations.http`     the port it is read from; nothing can be changed there
:mod:`~sockethub.operations.pulse`    how fast this process and its Redis answer
:mod:`~sockethub.operations.orders`   what the command line asks of gateways and machines, by way of Redis
:mod:`~sockethub.operations.recent`   what this process has logged last
:mod:`~sockethub.operations.asking`   asks all of them, and waits for what they say
:mod:`~sockethub.operations.reading`  asks them for their log records, and merges these
:mod:`~sockethub.operations.page`     that, as a page
=================================  =====================================================================
"""
