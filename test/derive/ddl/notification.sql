CREATE EXTERNAL TABLE `notification` (
  `type` string COMMENT 'The record type: `notification`.',
  `fanid` string COMMENT 'The fan who is written to.',
  `eventid` string COMMENT 'The event that the message is about.',
  `saleid` string COMMENT 'The sale that the message is about.',
  `salename` string COMMENT 'The sale\'s name when the message was made.',
  `contactmethod` string COMMENT 'How the fan is reached, such as `SMS` or `EMAIL`.',
  `phonenumber` string COMMENT 'The number that the message goes to.',
  `email` string COMMENT 'The address that the message goes to.',
  `messagebody` string COMMENT 'The text of the message.',
  `status` struct<`id`:string,`date`:timestamp> COMMENT 'The latest state that the carrier reported.',
  `sendattempts` int COMMENT 'How often sending was tried.',
  `messageid` string COMMENT 'The carrier\'s name for the message.',
  `groupid` string COMMENT 'The group of messages that were sent together.',
  `date` struct<`created`:timestamp,`updated`:timestamp,`triggered`:timestamp,`queued`:timestamp,`sent`:timestamp,`delivered`:timestamp,`deleted`:timestamp> COMMENT 'When the message passed each step of its life.',
  `isdeleted` boolean COMMENT 'False for a live record\u003b true for the row of a delete, whose personal data is redacted.',
  `reference` struct<`id`:string,`timestamp`:timestamp> COMMENT 'What the record is called, and its own latest time.',
  `change` struct<`id`:string,`operation`:string,`timestamp`:timestamp,`micros`:bigint,`key`:string,`sequence`:string,`previouspartition`:string,`actor`:string,`table`:string> COMMENT 'The change in the source table that this row tells of.',
  `extra` map<string,string> COMMENT 'Every attribute that the schema does not model, by its JSON Pointer, as JSON text.'
)
COMMENT 'One message to a fan about a sale.'
PARTITIONED BY (
  `partition_date` string COMMENT 'The UTC day that the row is filed under: YYYY-MM-DD.'
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.avro.AvroSerDe'
WITH SERDEPROPERTIES ('avro.schema.literal'='{"type":"record","name":"notification","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"fanId","type":"string"},{"name":"eventId","type":"string"},{"name":"saleId","type":"string"},{"name":"saleName","type":["null","string"],"default":null},{"name":"contactMethod","type":["null","string"],"default":null},{"name":"phoneNumber","type":["null","string"],"default":null},{"name":"email","type":["null","string"],"default":null},{"name":"messageBody","type":["null","string"],"default":null},{"name":"status","type":["null",{"type":"record","name":"status","fields":[{"name":"id","type":["null","string"],"default":null},{"name":"date","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}],"default":null},{"name":"sendAttempts","type":["null","int"],"default":null},{"name":"messageId","type":["null","string"],"default":null},{"name":"groupId","type":["null","string"],"default":null},{"name":"date","type":{"type":"record","name":"notificationDate","fields":[{"name":"created","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"updated","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"triggered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"queued","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"sent","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"delivered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}')
STORED AS AVRO
LOCATION 's3://bucket/prefix/data/notification/'
TBLPROPERTIES (
  'classification'='avro',
  'avro.schema.literal'='{"type":"record","name":"notification","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"fanId","type":"string"},{"name":"eventId","type":"string"},{"name":"saleId","type":"string"},{"name":"saleName","type":["null","string"],"default":null},{"name":"contactMethod","type":["null","string"],"default":null},{"name":"phoneNumber","type":["null","string"],"default":null},{"name":"email","type":["null","string"],"default":null},{"name":"messageBody","type":["null","string"],"default":null},{"name":"status","type":["null",{"type":"record","name":"status","fields":[{"name":"id","type":["null","string"],"default":null},{"name":"date","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}],"default":null},{"name":"sendAttempts","type":["null","int"],"default":null},{"name":"messageId","type":["null","string"],"default":null},{"name":"groupId","type":["null","string"],"default":null},{"name":"date","type":{"type":"record","name":"notificationDate","fields":[{"name":"created","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"updated","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"triggered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"queued","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"sent","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"delivered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}',
  'projection.enabled'='true',
  'projection.partition_date.type'='date',
  'projection.partition_date.format'='yyyy-MM-dd',
  'projection.partition_date.range'='2020-01-01,NOW+3YEARS',
  'projection.partition_date.interval'='1',
  'projection.partition_date.interval.unit'='DAYS',
  'storage.location.template'='s3://bucket/prefix/data/notification/partition_date=${partition_date}/'
)
