"""The providers' side on one machine: Meta's Graph API, a mail server and a receiver of alerts, in one process.

It answers and refuses as the providers do, remembers what it accepted, tells it on `GET /seen`, fails on wish by
`POST /behave`, and sends back to ingest what Meta sends back: echoes, deliveries and reads, signed.
"""
