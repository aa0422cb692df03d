"""The log on Apache Kafka: any number of hosts append; at least once in the log, once in every view."""

from eventlog.kafka.kafka_log import KafkaLog

__all__ = ["KafkaLog"]
