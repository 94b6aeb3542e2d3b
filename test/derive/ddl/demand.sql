CREATE EXTERNAL TABLE `demand` (
  `type` string COMMENT 'The record type: `demand`.',
  `fanid` string COMMENT 'The fan who asks.',
  `eventid` string COMMENT 'The event that the fan wants to attend.',
  `saleid` string COMMENT 'The sale of that event that the fan waits for.',
  `artistid` string COMMENT 'The artist who performs.',
  `eventname` string COMMENT 'The event\'s name when the fan asked.',
  `salename` string COMMENT 'The sale\'s name when the fan asked.',
  `artistname` string COMMENT 'The artist\'s name when the fan asked.',
  `requesteddatetime` timestamp COMMENT 'When the fan asked, as the capturing service wrote it beside `date`.',
  `phonenumber` string COMMENT 'The number to remind the fan on.',
  `email` string COMMENT 'The address to remind the fan at.',
  `contactmethod` string COMMENT 'How the fan wants to be reminded, such as `SMS` or `EMAIL`.',
  `demandtype` string COMMENT 'What kind of reminder was asked for.',
  `messagebody` string COMMENT 'The text of the reminder.',
  `systemuserid` string COMMENT 'The fan\'s account in a ticketing system, written `{id}-{databaseId}.{memberId}`.',
  `system` struct<`id`:string,`databaseid`:string,`memberid`:string> COMMENT 'The parts of `systemUserId`\u003b null when it is absent or of another form.',
  `date` struct<`requested`:timestamp,`triggered`:timestamp,`notified`:timestamp,`deleted`:timestamp> COMMENT 'When the request passed each step of its life.',
  `isdeleted` boolean COMMENT 'False for a live record\u003b true for the row of a delete, whose personal data is redacted.',
  `reference` struct<`id`:string,`timestamp`:timestamp> COMMENT 'What the record is called, and its own latest time.',
  `change` struct<`id`:string,`operation`:string,`timestamp`:timestamp,`micros`:bigint,`key`:string,`sequence`:string,`previouspartition`:string,`actor`:string,`table`:string> COMMENT 'The change in the source table that this row tells of.',
  `extra` map<string,string> COMMENT 'Every attribute that the schema does not model, by its JSON Pointer, as JSON text.'
)
COMMENT 'A fan\'s request to be reminded when tickets go on sale.'
PARTITIONED BY (
  `partition_date` string COMMENT 'The UTC day that the row is filed under: YYYY-MM-DD.'
)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.avro.AvroSerDe'
WITH SERDEPROPERTIES ('avro.schema.literal'='{"type":"record","name":"demand","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"fanId","type":"string"},{"name":"eventId","type":"string"},{"name":"saleId","type":"string"},{"name":"artistId","type":["null","string"],"default":null},{"name":"eventName","type":["null","string"],"default":null},{"name":"saleName","type":["null","string"],"default":null},{"name":"artistName","type":["null","string"],"default":null},{"name":"requestedDateTime","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"phoneNumber","type":["null","string"],"default":null},{"name":"email","type":["null","string"],"default":null},{"name":"contactMethod","type":["null","string"],"default":null},{"name":"demandType","type":["null","string"],"default":null},{"name":"messageBody","type":["null","string"],"default":null},{"name":"systemUserId","type":["null","string"],"default":null},{"name":"system","type":["null",{"type":"record","name":"system","fields":[{"name":"id","type":["null","string"],"default":null},{"name":"databaseId","type":["null","string"],"default":null},{"name":"memberId","type":["null","string"],"default":null}]}],"default":null},{"name":"date","type":{"type":"record","name":"demandDate","fields":[{"name":"requested","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"triggered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"notified","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}')
STORED AS AVRO
LOCATION 's3://bucket/prefix/data/demand/'
TBLPROPERTIES (
  'classification'='avro',
  'avro.schema.literal'='{"type":"record","name":"demand","namespace":"dmd","fields":[{"name":"type","type":"string"},{"name":"fanId","type":"string"},{"name":"eventId","type":"string"},{"name":"saleId","type":"string"},{"name":"artistId","type":["null","string"],"default":null},{"name":"eventName","type":["null","string"],"default":null},{"name":"saleName","type":["null","string"],"default":null},{"name":"artistName","type":["null","string"],"default":null},{"name":"requestedDateTime","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"phoneNumber","type":["null","string"],"default":null},{"name":"email","type":["null","string"],"default":null},{"name":"contactMethod","type":["null","string"],"default":null},{"name":"demandType","type":["null","string"],"default":null},{"name":"messageBody","type":["null","string"],"default":null},{"name":"systemUserId","type":["null","string"],"default":null},{"name":"system","type":["null",{"type":"record","name":"system","fields":[{"name":"id","type":["null","string"],"default":null},{"name":"databaseId","type":["null","string"],"default":null},{"name":"memberId","type":["null","string"],"default":null}]}],"default":null},{"name":"date","type":{"type":"record","name":"demandDate","fields":[{"name":"requested","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"triggered","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"notified","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},{"name":"deleted","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null}]}},{"name":"isDeleted","type":"boolean"},{"name":"reference","type":{"type":"record","name":"reference","fields":[{"name":"id","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}}]}},{"name":"change","type":{"type":"record","name":"change","fields":[{"name":"id","type":"string"},{"name":"operation","type":"string"},{"name":"timestamp","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"micros","type":"long"},{"name":"key","type":"string"},{"name":"sequence","type":["null","string"],"default":null},{"name":"previousPartition","type":["null","string"],"default":null},{"name":"actor","type":["null","string"],"default":null},{"name":"table","type":["null","string"],"default":null}]}},{"name":"extra","type":{"type":"map","values":"string"}}]}',
  'projection.enabled'='true',
  'projection.partition_date.type'='date',
  'projection.partition_date.format'='yyyy-MM-dd',
  'projection.partition_date.range'='2020-01-01,NOW+3YEARS',
  'projection.partition_date.interval'='1',
  'projection.partition_date.interval.unit'='DAYS',
  'storage.location.template'='s3://bucket/prefix/data/demand/partition_date=${partition_date}/'
)
