CREATE EXTERNAL TABLE `sale` (
  `type` string COMMENT 'The record type: `sale`.',
  `id` string COMMENT 'The sale\'s identifier within its event.',
  `eventid` string COMMENT 'The event whose tickets are sold.',
  `name` string COMMENT 'The sale\'s name.',
  `saletypes` array<string> COMMENT 'The kinds of sale, such as `PRESALE`.',
  `salestartdate` date COMMENT 'The date on which the sale begins, on the venue\'s calendar.',
  `salestartdatetime` timestamp COMMENT 'When the sale begins.',
  `saleenddatetime` timestamp COMMENT 'When the sale ends.',
  `date` struct<`deleted`:timestamp> COMMENT 'When the sale\'s record passed each step of its life.',
  `isdeleted` boolean COMMENT 'False for a live record\u003b true for the row of a delete, whose personal data is redacted.',
  `reference` struct<`id`:string,`timestamp`:timestamp> COMMENT 'What the record is called, and its own latest time.',
  `change` struct<`id`:string,`operation`:string,`timestamp`:timestamp,`micros`:bigint,`key`:string,`sequence`:string,`previouspartition`:string,`actor`:string,`table`:string> COMMENT 'The change in the source table that this row tells of.',
  `extra` map<string,string> COMMENT 'Every attribute that the schema does not model, by its JSON Pointer, as JSON text.'
)
COMMENT 'A period in which tickets of an event are sold.'
PARTITIONED BY (
  `partition_date` string COMMENT 'The UTC day that the row is filed under: YYYY-MM-DD.'
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.avro.AvroSerDe'
WITH SERDEPROPERTIES ('avro.schema.literal'='{"type":"record","name":"sale","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"id","type":"string"},{"name":"eventId","type":"string"},{"name":"name","type":["null","string"],"default":null},{"name":"saleTypes","type":{"type":"array","items":"string"},"default":[]},{"name":"saleStartDate","type":["null",{"type":"int","logicalType":"date"}],"default":null},{"name":"saleStartDateTime","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"saleEndDateTime","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"date","type":["null",{"type":"record","name":"saleDate","fields":[{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}],"default":null},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}')
STORED AS AVRO
LOCATION 's3://bucket/prefix/data/sale/'
TBLPROPERTIES (
  'classification'='avro',
  'avro.schema.literal'='{"type":"record","name":"sale","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"id","type":"string"},{"name":"eventId","type":"string"},{"name":"name","type":["null","string"],"default":null},{"name":"saleTypes","type":{"type":"array","items":"string"},"default":[]},{"name":"saleStartDate","type":["null",{"type":"int","logicalType":"date"}],"default":null},{"name":"saleStartDateTime","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"saleEndDateTime","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"date","type":["null",{"type":"record","name":"saleDate","fields":[{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}],"default":null},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}',
  'projection.enabled'='true',
  'projection.partition_date.type'='date',
  'projection.partition_date.format'='yyyy-MM-dd',
  'projection.partition_date.range'='2020-01-01,NOW+3YEARS',
  'projection.partition_date.interval'='1',
  'projection.partition_date.interval.unit'='DAYS',
  'storage.location.template'='s3://bucket/prefix/data/sale/partition_date=${partition_date}/'
)
