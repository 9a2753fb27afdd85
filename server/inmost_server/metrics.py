"""What the operator can watch: counters and gauges, without anybody's name or id."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

FRAMES = Counter("inmost_frames", "Frames taken from devices, by kind.", ["kind"], registry=REGISTRY)
REFUSED = Counter("inmost_refused", "Requests refused, by code.", ["code"], registry=REGISTRY)
DELIVERED = Counter("inmost_delivered", "Event frames written to connections.", registry=REGISTRY)
GOODBYES = Counter(
    "inmost_goodbyes", "Connections closed by the server, by code.", ["code"], registry=REGISTRY
)
CONNECTIONS = Gauge("inmost_connections", "Open device connections.", registry=REGISTRY)
WAITING = Gauge("inmost_store_waiting", "Units of work that wait for the writer.", registry=REGISTRY)
WRITE_SECONDS = Counter(
    "inmost_store_write_seconds", "Time spent in transactions before their COMMIT.", registry=REGISTRY
)
COMMIT_SECONDS = Histogram(
    "inmost_store_commit_seconds",
    "What a COMMIT takes: until the disk has the transaction.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2),
    registry=REGISTRY,
)
PASSKEY_ALARMS = Counter(
    "inmost_passkey_alarms", "Passkeys refused because their counter went back.", registry=REGISTRY
)
COMMITTED = Counter("inmost_store_committed", "Units of work made durable.", registry=REGISTRY)
