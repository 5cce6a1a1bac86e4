BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE balance (
	deal_id INTEGER NOT NULL, 
	distribution INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	opening INTEGER NOT NULL, 
	received INTEGER NOT NULL, 
	paid INTEGER NOT NULL, 
	closing INTEGER NOT NULL, 
	CONSTRAINT balance_key PRIMARY KEY (deal_id, distribution, account), 
	CONSTRAINT balance_closing CHECK (closing = opening + received - paid)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "balance" VALUES(1,0,'A.principal',0,0,80000000,-80000000);
INSERT INTO "balance" VALUES(1,0,'B.principal',0,0,20000000,-20000000);
INSERT INTO "balance" VALUES(1,0,'excess',0,100000000,100000000,0);
INSERT INTO "balance" VALUES(1,0,'pool',0,100000000,0,100000000);
INSERT INTO "balance" VALUES(1,1,'A.interest',0,400000,400000,0);
INSERT INTO "balance" VALUES(1,1,'A.principal',-80000000,1000000,0,-79000000);
INSERT INTO "balance" VALUES(1,1,'B.interest',0,150000,150000,0);
INSERT INTO "balance" VALUES(1,1,'B.principal',-20000000,0,0,-20000000);
INSERT INTO "balance" VALUES(1,1,'R.residual',0,240000,240000,0);
INSERT INTO "balance" VALUES(1,1,'cash.funds',0,1800000,1800000,0);
INSERT INTO "balance" VALUES(1,1,'due.funds',0,1800000,1800000,0);
INSERT INTO "balance" VALUES(1,1,'excess',0,800000,800000,0);
INSERT INTO "balance" VALUES(1,1,'pool',100000000,0,1000000,99000000);
INSERT INTO "balance" VALUES(1,1,'trustee.fee',0,10000,10000,0);
INSERT INTO "balance" VALUES(1,2,'A.interest',0,395000,395000,0);
INSERT INTO "balance" VALUES(1,2,'A.principal',-79000000,1000000,0,-78000000);
INSERT INTO "balance" VALUES(1,2,'B.interest',0,150000,150000,0);
INSERT INTO "balance" VALUES(1,2,'B.principal',-20000000,500000,0,-19500000);
INSERT INTO "balance" VALUES(1,2,'R.residual',0,145000,145000,0);
INSERT INTO "balance" VALUES(1,2,'cash.funds',0,1700000,1700000,0);
INSERT INTO "balance" VALUES(1,2,'due.funds',0,1700000,1700000,0);
INSERT INTO "balance" VALUES(1,2,'excess',0,700000,700000,0);
INSERT INTO "balance" VALUES(1,2,'loss',0,500000,500000,0);
INSERT INTO "balance" VALUES(1,2,'pool',99000000,0,1500000,97500000);
INSERT INTO "balance" VALUES(1,2,'trustee.fee',0,10000,10000,0);
INSERT INTO "balance" VALUES(1,3,'A.interest',0,390000,390000,0);
INSERT INTO "balance" VALUES(1,3,'A.principal',-78000000,1000000,0,-77000000);
INSERT INTO "balance" VALUES(1,3,'B.interest',0,146250,146250,0);
INSERT INTO "balance" VALUES(1,3,'B.principal',-19500000,0,0,-19500000);
INSERT INTO "balance" VALUES(1,3,'R.residual',0,142550,142550,0);
INSERT INTO "balance" VALUES(1,3,'cash.funds',0,1688800,1688800,0);
INSERT INTO "balance" VALUES(1,3,'due.funds',0,1690000,1690000,0);
INSERT INTO "balance" VALUES(1,3,'excess',0,690000,690000,0);
INSERT INTO "balance" VALUES(1,3,'pool',97500000,0,1000000,96500000);
INSERT INTO "balance" VALUES(1,3,'trustee.fee',0,10000,10000,0);
CREATE TABLE deal (
	deal_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (deal_id), 
	CONSTRAINT deal_name UNIQUE (name)
)
 STRICT

;
INSERT INTO "deal" VALUES(1,'COVE-1');
CREATE TABLE distribution (
	deal_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	previous INTEGER, 
	period TEXT NOT NULL, 
	distribution_date TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	known_at INTEGER NOT NULL, 
	terms_digest TEXT NOT NULL, 
	rules INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	CONSTRAINT distribution_key PRIMARY KEY (deal_id, number), 
	FOREIGN KEY(deal_id) REFERENCES deal (deal_id), 
	CONSTRAINT distribution_previous FOREIGN KEY(deal_id, previous) REFERENCES distribution (deal_id, number), 
	CONSTRAINT distribution_commit FOREIGN KEY(deal_id, known_at) REFERENCES log_commit (deal_id, position)
)
 STRICT

;
INSERT INTO "distribution" VALUES(1,0,NULL,'2025-01-15','2025-01-15',1,1,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945',1,'{"cumulative":{},"dates":{"collection_end":"2025-01-15","collection_start":"2025-01-15","determination":"2025-01-15","distribution":"2025-01-15","previous_distribution":"2025-01-15","previous_scheduled":"2025-01-15","record":"2025-01-15","scheduled":"2025-01-15"},"history":{},"number":0,"readings":{"called":false,"fractions":{},"rates":{},"reported":{},"triggers":{}},"triggers":{}}','c84e87c4d9bf79290e2bd48834b0ec083c24666e5b86a1ed8acb52ca16425603');
INSERT INTO "distribution" VALUES(1,1,0,'2025-02-25','2025-02-25',1,3,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945',1,'{"cumulative":{},"dates":{"collection_end":"2025-01-31","collection_start":"2025-01-01","determination":"2025-02-25","distribution":"2025-02-25","previous_distribution":"2025-01-15","previous_scheduled":"2025-01-15","record":"2025-02-24","scheduled":"2025-02-25"},"history":{},"number":1,"readings":{"called":false,"fractions":{"A":"1/12","B":"1/12"},"rates":{"A":"3/50","B":"9/100"},"reported":{},"triggers":{}},"triggers":{}}','053787b97ffff6ccf80a027b3ded37dce77450a5affd4c2e6d666cf756aab598');
INSERT INTO "distribution" VALUES(1,2,1,'2025-03-25','2025-03-25',1,6,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945',1,'{"cumulative":{"B":500000,"pool":500000},"dates":{"collection_end":"2025-02-28","collection_start":"2025-02-01","determination":"2025-03-25","distribution":"2025-03-25","previous_distribution":"2025-02-25","previous_scheduled":"2025-02-25","record":"2025-03-24","scheduled":"2025-03-25"},"history":{},"number":2,"readings":{"called":false,"fractions":{"A":"1/12","B":"1/12"},"rates":{"A":"3/50","B":"9/100"},"reported":{},"triggers":{}},"triggers":{}}','c1cb0aba2f4a9a24dca99b4c5517566496ad41d4b67d9fc93698d0193ad763dc');
INSERT INTO "distribution" VALUES(1,3,2,'2025-04-25','2025-04-25',1,9,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945',1,'{"cumulative":{"B":500000,"pool":500000},"dates":{"collection_end":"2025-03-31","collection_start":"2025-03-01","determination":"2025-04-25","distribution":"2025-04-25","previous_distribution":"2025-03-25","previous_scheduled":"2025-03-25","record":"2025-04-24","scheduled":"2025-04-25"},"history":{},"number":3,"readings":{"called":false,"fractions":{"A":"1/12","B":"1/12"},"rates":{"A":"3/50","B":"9/100"},"reported":{},"triggers":{}},"triggers":{}}','190ed41e9ed8a788a91c7a3068581a5f25a37018e0cdc186943dec8ef4205326');
CREATE TABLE document (
	deal_id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT document_key PRIMARY KEY (deal_id, digest), 
	FOREIGN KEY(deal_id) REFERENCES deal (deal_id)
)
 STRICT

;
INSERT INTO "document" VALUES(1,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945','deal: COVE-1
title: Cove Trust 2025-1
closing_date: 2025-01-15
dates: {distribution: {day: 25, first: 2025-02-25, roll: following, calendar: US-FED}, accrual: month, day_count: 30/360}
pool: {original_balance: 1_000_000}
tranches:
  A: {original_balance: 800_000, rate: 6%}
  B: {original_balance: 200_000, rate: 9%}
  R: {kind: residual}
fees: {trustee: {amount: 100}}
accounts: {funds: {collects: [interest, scheduled_principal]}}
waterfall:
  - {pay: fees, to: trustee, from: funds}
  - {pay: interest, to: {sequential: [A, B]}, from: funds}
  - {pay: principal, to: {sequential: [A, B]}, from: funds, limit: pool.scheduled_principal}
  - {write_down: tranches.balance - pool.balance, to: {sequential: [B, A]}}
  - {pay: rest, to: R, from: funds}
');
CREATE TABLE event (
	deal_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	subject TEXT, 
	principal INTEGER, 
	interest INTEGER, 
	fee INTEGER, 
	amount INTEGER, 
	balance INTEGER, 
	rate TEXT, 
	delinquency INTEGER, 
	code TEXT, 
	effective_on TEXT, 
	effect INTEGER NOT NULL, 
	corrects_position INTEGER, 
	corrects_line INTEGER, 
	source_row INTEGER, 
	CONSTRAINT event_key PRIMARY KEY (deal_id, position, line), 
	CONSTRAINT event_effect CHECK (effect = 1 OR effect = -1 AND corrects_position IS NOT NULL AND corrects_line IS NOT NULL)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "event" VALUES(1,1,1,'terms','deal',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'b2ea66897c4a21b74d033b36549c02fa1834a9afe794ee9bb662bb199c1ac945',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,1,2,'distribution',NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,'c84e87c4d9bf79290e2bd48834b0ec083c24666e5b86a1ed8acb52ca16425603',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,1,'received','csv',NULL,NULL,NULL,1,NULL,NULL,NULL,'csv',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,2,'period_date','scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,3,'period_date','distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,4,'period_date','previous_scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-01-15',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,5,'period_date','previous_distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-01-15',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,6,'period_date','determination',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,7,'period_date','record',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-24',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,8,'period_date','collection_start',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-01-01',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,9,'period_date','collection_end',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-01-31',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,2,10,'interest',NULL,NULL,800000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,2);
INSERT INTO "event" VALUES(1,2,11,'scheduled_principal',NULL,1000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,3);
INSERT INTO "event" VALUES(1,3,1,'distribution',NULL,NULL,NULL,NULL,1,NULL,NULL,NULL,'053787b97ffff6ccf80a027b3ded37dce77450a5affd4c2e6d666cf756aab598',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,4,1,'publication','1',NULL,NULL,NULL,1,NULL,NULL,NULL,'f8e9eb6dca94bc8c35a26e41d09681522008b848023a7ee761b88f1a705f821e',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,1,'received','csv',NULL,NULL,NULL,1,NULL,NULL,NULL,'csv',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,2,'period_date','scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,3,'period_date','distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,4,'period_date','previous_scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,5,'period_date','previous_distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,6,'period_date','determination',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,7,'period_date','record',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-24',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,8,'period_date','collection_start',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-01',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,9,'period_date','collection_end',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-02-28',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,5,10,'interest',NULL,NULL,700000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,2);
INSERT INTO "event" VALUES(1,5,11,'scheduled_principal',NULL,1000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,3);
INSERT INTO "event" VALUES(1,5,12,'charge_off',NULL,NULL,NULL,NULL,500000,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,4);
INSERT INTO "event" VALUES(1,6,1,'distribution',NULL,NULL,NULL,NULL,2,NULL,NULL,NULL,'c1cb0aba2f4a9a24dca99b4c5517566496ad41d4b67d9fc93698d0193ad763dc',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,7,1,'publication','2',NULL,NULL,NULL,1,NULL,NULL,NULL,'2b4f4902793594fbc1a4e469e09141f2fcf4e61a766bdead35ac1fec803b8999',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,1,'received','csv',NULL,NULL,NULL,1,NULL,NULL,NULL,'csv',NULL,1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,2,'period_date','scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-04-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,3,'period_date','distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-04-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,4,'period_date','previous_scheduled',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,5,'period_date','previous_distribution',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,6,'period_date','determination',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-04-25',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,7,'period_date','record',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-04-24',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,8,'period_date','collection_start',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-01',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,9,'period_date','collection_end',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2025-03-31',1,NULL,NULL,NULL);
INSERT INTO "event" VALUES(1,8,10,'interest',NULL,NULL,690000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,2);
INSERT INTO "event" VALUES(1,8,11,'scheduled_principal',NULL,1000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1,NULL,NULL,3);
INSERT INTO "event" VALUES(1,8,12,'interest',NULL,NULL,-1200,NULL,NULL,NULL,NULL,NULL,'L-204 was counted twice','2025-03-25',1,5,NULL,4);
INSERT INTO "event" VALUES(1,9,1,'distribution',NULL,NULL,NULL,NULL,3,NULL,NULL,NULL,'190ed41e9ed8a788a91c7a3068581a5f25a37018e0cdc186943dec8ef4205326',NULL,1,NULL,NULL,NULL);
CREATE TABLE head (
	deal_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	hash BLOB NOT NULL, 
	event_count INTEGER NOT NULL, 
	recorded_at TEXT, 
	PRIMARY KEY (deal_id), 
	FOREIGN KEY(deal_id) REFERENCES deal (deal_id)
)
 STRICT

;
INSERT INTO "head" VALUES(1,9,X'73C604BD6EF65D2D4646146A4D726D034154B6BA20FFF9D41E19033175C0F321',42,'2025-02-20T14:00:00.000000Z');
CREATE TABLE log_commit (
	deal_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	period TEXT, 
	treatment TEXT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	source TEXT, 
	attempt INTEGER, 
	source_name TEXT, 
	source_digest TEXT, 
	event_count INTEGER NOT NULL, 
	merkle_root BLOB NOT NULL, 
	previous_hash BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	CONSTRAINT log_commit_key PRIMARY KEY (deal_id, position), 
	FOREIGN KEY(deal_id) REFERENCES deal (deal_id), 
	CONSTRAINT log_commit_no_fork UNIQUE (deal_id, previous_hash), 
	CONSTRAINT log_commit_source UNIQUE (deal_id, period, source, attempt), 
	CONSTRAINT log_commit_treatment CHECK (treatment IN ('original', 'supersede', 'adjust', 'reopen')), 
	CONSTRAINT log_commit_attempt CHECK ((source IS NULL) = (attempt IS NULL))
)
 STRICT

;
INSERT INTO "log_commit" VALUES(1,1,NULL,'original','2025-01-19T14:00:00.000000Z','m.okafor','opened',NULL,NULL,NULL,NULL,2,X'C6D0121EE696EE720EF78426B7BC6A78EA3368119CE61433F5039606200FA02E',X'2B675F0641B684DC67887F2F7F971784C4A39F6544CC8D7BBE75CFCC134AC493',X'F8B13B9E7162D4DAF3CA7329101923773E06581CADB95C6BF812DF9DCA0276EF');
INSERT INTO "log_commit" VALUES(1,2,'2025-02-25','original','2025-01-23T14:00:00.000000Z','m.okafor','remittance 2025-02.csv','csv',1,'2025-02.csv','4f91c4bdee803a07a76c734958837d5200d484844878fea5af5c3d49da190b56',11,X'4FA9DEC13155B768EE8E2502F2AFA40A3048622A23B7673CE77D89F6433D4B5C',X'F8B13B9E7162D4DAF3CA7329101923773E06581CADB95C6BF812DF9DCA0276EF',X'DA285F1207DFCF63A8A23CE00B1D0E4991E96FEFA2639BE11ED008D00B192482');
INSERT INTO "log_commit" VALUES(1,3,'2025-02-25','original','2025-01-27T14:00:00.000000Z','m.okafor','distribution',NULL,NULL,NULL,NULL,1,X'C24FF11F03BCE1D4F3DA11BB9AE08D4FD1A6C8AB9B26E6D59C856CF38FD254B1',X'DA285F1207DFCF63A8A23CE00B1D0E4991E96FEFA2639BE11ED008D00B192482',X'1E06F7929BE24E79F8FDA08F157EE407AE80F71523B336C1E8337158905AF2C4');
INSERT INTO "log_commit" VALUES(1,4,'2025-02-25','original','2025-01-31T14:00:00.000000Z','m.okafor','published',NULL,NULL,NULL,NULL,1,X'0F4D88BEE24372A032DCC24D9E9BAC631DAF4962C3CD525B4EEB6F5696C73603',X'1E06F7929BE24E79F8FDA08F157EE407AE80F71523B336C1E8337158905AF2C4',X'53E08F32938F948D443BBBABF67BDC29F43A33AEC744FA6C116D560347A59D7F');
INSERT INTO "log_commit" VALUES(1,5,'2025-03-25','original','2025-02-04T14:00:00.000000Z','m.okafor','remittance 2025-03.csv','csv',1,'2025-03.csv','bd1d254b874f3d4c99f363ceec91720ecf609f16f679abe84552589c0a6d5e77',12,X'A63BD6327E43704944ABA0CC229F22EDCDCACC77DFDDA83ADC492C9498E0D989',X'53E08F32938F948D443BBBABF67BDC29F43A33AEC744FA6C116D560347A59D7F',X'E5D55C7AD07D220C7F59D9D03D92B7AD482718695488D8E25AFFF033F96B813E');
INSERT INTO "log_commit" VALUES(1,6,'2025-03-25','original','2025-02-08T14:00:00.000000Z','m.okafor','distribution',NULL,NULL,NULL,NULL,1,X'32506996EFE9F594FDC15BD83F8F7E369A3F374CC8A66DD4552BE05B34BEBB2F',X'E5D55C7AD07D220C7F59D9D03D92B7AD482718695488D8E25AFFF033F96B813E',X'A6ED0D6442648F2273F197ACFC60CCAD0439D5E21F974721C6C9F5E4D461F33D');
INSERT INTO "log_commit" VALUES(1,7,'2025-03-25','original','2025-02-12T14:00:00.000000Z','m.okafor','published',NULL,NULL,NULL,NULL,1,X'FB2EB69E856CADC7A5F1DB7AAD349C8B83588A235593886FA088E12991E70C29',X'A6ED0D6442648F2273F197ACFC60CCAD0439D5E21F974721C6C9F5E4D461F33D',X'D09BD45E4B03C89F1A0BE631B8A2F92D78893E3F52FF292105011CF7967063A5');
INSERT INTO "log_commit" VALUES(1,8,'2025-04-25','original','2025-02-16T14:00:00.000000Z','m.okafor','remittance 2025-04.csv','csv',1,'2025-04.csv','677417b060b890b93bd7d78a2f42ebc6b0d899b37e523e94bc3ade3d041ca761',12,X'356AE40280C2BD4CEC6A5C476BF2C86995299FEA00B73D4038E6EB3E762ED3F8',X'D09BD45E4B03C89F1A0BE631B8A2F92D78893E3F52FF292105011CF7967063A5',X'1769E3BFE684DE69733052C3CA7AF5917397C47E116BCD594D5E75221D5E7FBB');
INSERT INTO "log_commit" VALUES(1,9,'2025-04-25','original','2025-02-20T14:00:00.000000Z','m.okafor','distribution',NULL,NULL,NULL,NULL,1,X'77BDBC690DA810C8F2AC2B0D2109283D180F5E67ABCA5F5B518A2D0234A4C9A5',X'1769E3BFE684DE69733052C3CA7AF5917397C47E116BCD594D5E75221D5E7FBB',X'73C604BD6EF65D2D4646146A4D726D034154B6BA20FFF9D41E19033175C0F321');
CREATE TABLE posting (
	deal_id INTEGER NOT NULL, 
	distribution INTEGER NOT NULL, 
	line INTEGER NOT NULL, 
	step TEXT NOT NULL, 
	item TEXT NOT NULL, 
	cause TEXT NOT NULL, 
	source TEXT NOT NULL, 
	destination TEXT NOT NULL, 
	amount INTEGER NOT NULL, 
	origin_period TEXT, 
	CONSTRAINT posting_key PRIMARY KEY (deal_id, distribution, line), 
	CONSTRAINT posting_amount CHECK (amount > 0), 
	CONSTRAINT posting_accounts CHECK (source <> destination)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "posting" VALUES(1,0,1,'opening','','opening','excess','pool',100000000,NULL);
INSERT INTO "posting" VALUES(1,0,2,'opening','','opening','A.principal','excess',80000000,NULL);
INSERT INTO "posting" VALUES(1,0,3,'opening','','opening','B.principal','excess',20000000,NULL);
INSERT INTO "posting" VALUES(1,1,1,'interest','pool.interest','events','excess','due.funds',800000,NULL);
INSERT INTO "posting" VALUES(1,1,2,'scheduled_principal','pool.scheduled_principal','events','pool','due.funds',1000000,NULL);
INSERT INTO "posting" VALUES(1,1,3,'wire','funds.wired','events','due.funds','cash.funds',1800000,NULL);
INSERT INTO "posting" VALUES(1,1,4,'accrual','A.interest_accrued','accrual','A.interest','excess',400000,NULL);
INSERT INTO "posting" VALUES(1,1,5,'accrual','B.interest_accrued','accrual','B.interest','excess',150000,NULL);
INSERT INTO "posting" VALUES(1,1,6,'accrual','trustee.accrued','accrual','trustee.fee','excess',10000,NULL);
INSERT INTO "posting" VALUES(1,1,7,'pay fees to trustee','trustee.paid','step 1','cash.funds','trustee.fee',10000,NULL);
INSERT INTO "posting" VALUES(1,1,8,'pay interest to A, B','A.interest_paid','step 2','cash.funds','A.interest',400000,NULL);
INSERT INTO "posting" VALUES(1,1,9,'pay interest to A, B','B.interest_paid','step 2','cash.funds','B.interest',150000,NULL);
INSERT INTO "posting" VALUES(1,1,10,'pay principal to A, B','A.principal_paid','step 3','cash.funds','A.principal',1000000,NULL);
INSERT INTO "posting" VALUES(1,1,11,'pay rest to R','','step 5','R.residual','excess',240000,NULL);
INSERT INTO "posting" VALUES(1,1,12,'pay rest to R','R.interest_paid','step 5','cash.funds','R.residual',240000,NULL);
INSERT INTO "posting" VALUES(1,2,1,'interest','pool.interest','events','excess','due.funds',700000,NULL);
INSERT INTO "posting" VALUES(1,2,2,'scheduled_principal','pool.scheduled_principal','events','pool','due.funds',1000000,NULL);
INSERT INTO "posting" VALUES(1,2,3,'charge_off','pool.charge_off','events','pool','loss',500000,NULL);
INSERT INTO "posting" VALUES(1,2,4,'wire','funds.wired','events','due.funds','cash.funds',1700000,NULL);
INSERT INTO "posting" VALUES(1,2,5,'accrual','A.interest_accrued','accrual','A.interest','excess',395000,NULL);
INSERT INTO "posting" VALUES(1,2,6,'accrual','B.interest_accrued','accrual','B.interest','excess',150000,NULL);
INSERT INTO "posting" VALUES(1,2,7,'accrual','trustee.accrued','accrual','trustee.fee','excess',10000,NULL);
INSERT INTO "posting" VALUES(1,2,8,'pay fees to trustee','trustee.paid','step 1','cash.funds','trustee.fee',10000,NULL);
INSERT INTO "posting" VALUES(1,2,9,'pay interest to A, B','A.interest_paid','step 2','cash.funds','A.interest',395000,NULL);
INSERT INTO "posting" VALUES(1,2,10,'pay interest to A, B','B.interest_paid','step 2','cash.funds','B.interest',150000,NULL);
INSERT INTO "posting" VALUES(1,2,11,'pay principal to A, B','A.principal_paid','step 3','cash.funds','A.principal',1000000,NULL);
INSERT INTO "posting" VALUES(1,2,12,'write down tranches.balance - pool.balance to B, A','B.realized_loss','step 4','loss','B.principal',500000,NULL);
INSERT INTO "posting" VALUES(1,2,13,'pay rest to R','','step 5','R.residual','excess',145000,NULL);
INSERT INTO "posting" VALUES(1,2,14,'pay rest to R','R.interest_paid','step 5','cash.funds','R.residual',145000,NULL);
INSERT INTO "posting" VALUES(1,3,1,'interest','pool.interest','events','excess','due.funds',690000,NULL);
INSERT INTO "posting" VALUES(1,3,2,'interest','-pool.interest','events','due.funds','excess',1200,'2025-03-25');
INSERT INTO "posting" VALUES(1,3,3,'scheduled_principal','pool.scheduled_principal','events','pool','due.funds',1000000,NULL);
INSERT INTO "posting" VALUES(1,3,4,'wire','funds.wired','events','due.funds','cash.funds',1688800,NULL);
INSERT INTO "posting" VALUES(1,3,5,'accrual','A.interest_accrued','accrual','A.interest','excess',390000,NULL);
INSERT INTO "posting" VALUES(1,3,6,'accrual','B.interest_accrued','accrual','B.interest','excess',146250,NULL);
INSERT INTO "posting" VALUES(1,3,7,'accrual','trustee.accrued','accrual','trustee.fee','excess',10000,NULL);
INSERT INTO "posting" VALUES(1,3,8,'pay fees to trustee','trustee.paid','step 1','cash.funds','trustee.fee',10000,NULL);
INSERT INTO "posting" VALUES(1,3,9,'pay interest to A, B','A.interest_paid','step 2','cash.funds','A.interest',390000,NULL);
INSERT INTO "posting" VALUES(1,3,10,'pay interest to A, B','B.interest_paid','step 2','cash.funds','B.interest',146250,NULL);
INSERT INTO "posting" VALUES(1,3,11,'pay principal to A, B','A.principal_paid','step 3','cash.funds','A.principal',1000000,NULL);
INSERT INTO "posting" VALUES(1,3,12,'pay rest to R','','step 5','R.residual','excess',142550,NULL);
INSERT INTO "posting" VALUES(1,3,13,'pay rest to R','R.interest_paid','step 5','cash.funds','R.residual',142550,NULL);
ANALYZE "sqlite_master";
INSERT INTO "sqlite_stat1" VALUES('event','event','6000000 6000000 100000 1');
INSERT INTO "sqlite_stat1" VALUES('event','event_by_subject','6000000 6000000 100000 1 1');
INSERT INTO "sqlite_stat1" VALUES('event','event_corrected_once','60000 60000 1000 2 1');
INSERT INTO "sqlite_stat1" VALUES('log_commit','sqlite_autoindex_log_commit_1','400 400 1');
CREATE TABLE statement (
	deal_id INTEGER NOT NULL, 
	distribution INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	known_at INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT statement_key PRIMARY KEY (deal_id, distribution, version), 
	FOREIGN KEY(deal_id) REFERENCES deal (deal_id), 
	CONSTRAINT statement_distribution FOREIGN KEY(deal_id, distribution) REFERENCES distribution (deal_id, number), 
	CONSTRAINT statement_commit FOREIGN KEY(deal_id, known_at) REFERENCES log_commit (deal_id, position)
)
 STRICT

;
INSERT INTO "statement" VALUES(1,1,1,4,'f8e9eb6dca94bc8c35a26e41d09681522008b848023a7ee761b88f1a705f821e','{"adjustments":[],"as_of":null,"currency":"USD","dates":{"collection_end":"2025-01-31","collection_start":"2025-01-01","determination":"2025-02-25","distribution":"2025-02-25","previous_distribution":"2025-01-15","previous_scheduled":"2025-01-15","record":"2025-02-24","scheduled":"2025-02-25"},"deal":"COVE-1","flow_of_funds":[{"amount":"100.00","from":"cash.funds","label":"pay fees to trustee","left":"17900.00","step":1,"to":"trustee.fee"},{"amount":"4000.00","from":"cash.funds","label":"pay interest to A, B","left":"13900.00","step":2,"to":"A.interest"},{"amount":"1500.00","from":"cash.funds","label":"pay interest to A, B","left":"12400.00","step":2,"to":"B.interest"},{"amount":"10000.00","from":"cash.funds","label":"pay principal to A, B","left":"2400.00","step":3,"to":"A.principal"},{"amount":"2400.00","from":"cash.funds","label":"pay rest to R","left":"0.00","step":5,"to":"R.residual"}],"format":1,"head":"1e06f7929be24e79f8fda08f157ee407ae80f71523b336c1e8337158905af2c4","kind":"distribution","labels":{"A":{"kind":"note"},"B":{"kind":"note"},"R":{"kind":"residual"},"trustee":{}},"number":1,"position":3,"received":[],"sections":{"accounts":{"funds":{"closing_balance":"0.00","collected":"18000.00","deposits":"18000.00","draws":"18000.00","earnings":"0.00","not_wired":"0.00","opening_balance":"0.00"}},"classes":{"A":{"accreted":"0.00","closing_balance":"790000.00","cumulative_loss":"0.00","factor":"0.98750000","interest_accrued":"4000.00","interest_due":"4000.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"4000.00","interest_per_1000":"5.00000000","interest_shortfall":"0.00","notional":"800000.00","opening_balance":"800000.00","opening_unpaid_interest":"0.00","original_balance":"800000.00","other_paid":"0.00","principal_net":"10000.00","principal_paid":"10000.00","principal_per_1000":"12.50000000","rate":"0.06","realized_loss":"0.00","total_paid":"14000.00","unpaid_interest":"0.00","written_up":"0.00","year_fraction":"0.083333333333"},"B":{"accreted":"0.00","closing_balance":"200000.00","cumulative_loss":"0.00","factor":"1.00000000","interest_accrued":"1500.00","interest_due":"1500.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"1500.00","interest_per_1000":"7.50000000","interest_shortfall":"0.00","notional":"200000.00","opening_balance":"200000.00","opening_unpaid_interest":"0.00","original_balance":"200000.00","other_paid":"0.00","principal_net":"0.00","principal_paid":"0.00","principal_per_1000":"0.00000000","rate":"0.09","realized_loss":"0.00","total_paid":"1500.00","unpaid_interest":"0.00","written_up":"0.00","year_fraction":"0.083333333333"},"R":{"accreted":"0.00","cumulative_loss":"0.00","interest_accrued":"0.00","interest_due":"0.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"2400.00","interest_shortfall":"0.00","opening_unpaid_interest":"0.00","other_paid":"0.00","principal_net":"0.00","principal_paid":"0.00","realized_loss":"0.00","total_paid":"2400.00","unpaid_interest":"0.00","written_up":"0.00"}},"fees":{"trustee":{"accrued":"100.00","due":"100.00","opening_unpaid":"0.00","paid":"100.00","unpaid":"0.00"}},"groups":{"tranches":{"accreted":"0.00","closing_balance":"990000.00","cumulative_loss":"0.00","factor":"0.99000000","interest_accrued":"5500.00","interest_due":"5500.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"5500.00","interest_per_1000":"5.50000000","interest_shortfall":"0.00","opening_balance":"1000000.00","opening_unpaid_interest":"0.00","original_balance":"1000000.00","other_paid":"0.00","principal_net":"10000.00","principal_paid":"10000.00","principal_per_1000":"10.00000000","realized_loss":"0.00","total_paid":"15500.00","unpaid_interest":"0.00","written_up":"0.00"}},"pools":{"pool":{"advance_principal":"0.00","capitalized_interest":"0.00","charge_off":"0.00","closing_balance":"990000.00","cumulative_loss":"0.00","curtailment":"0.00","default":"0.00","factor":"0.99000000","forgiveness":"0.00","interest":"8000.00","liquidation_expense":"0.00","liquidation_proceeds":"0.00","loss":"0.00","modification_loss":"0.00","opening_balance":"1000000.00","original_balance":"1000000.00","other_reduction":"0.00","payahead_applied":"0.00","payoff":"0.00","pool_adjustment":"0.00","prepayment":"0.00","purchase":"0.00","realized_loss":"0.00","recovery":"0.00","repurchase_principal":"0.00","scheduled_principal":"10000.00","subsequent_recovery":"0.00"}}},"title":"Cove Trust 2025-1"}
');
INSERT INTO "statement" VALUES(1,2,1,7,'2b4f4902793594fbc1a4e469e09141f2fcf4e61a766bdead35ac1fec803b8999','{"adjustments":[],"as_of":null,"currency":"USD","dates":{"collection_end":"2025-02-28","collection_start":"2025-02-01","determination":"2025-03-25","distribution":"2025-03-25","previous_distribution":"2025-02-25","previous_scheduled":"2025-02-25","record":"2025-03-24","scheduled":"2025-03-25"},"deal":"COVE-1","flow_of_funds":[{"amount":"100.00","from":"cash.funds","label":"pay fees to trustee","left":"16900.00","step":1,"to":"trustee.fee"},{"amount":"3950.00","from":"cash.funds","label":"pay interest to A, B","left":"12950.00","step":2,"to":"A.interest"},{"amount":"1500.00","from":"cash.funds","label":"pay interest to A, B","left":"11450.00","step":2,"to":"B.interest"},{"amount":"10000.00","from":"cash.funds","label":"pay principal to A, B","left":"1450.00","step":3,"to":"A.principal"},{"amount":"5000.00","from":"loss","label":"write down tranches.balance - pool.balance to B, A","left":null,"step":4,"to":"B.principal"},{"amount":"1450.00","from":"cash.funds","label":"pay rest to R","left":"0.00","step":5,"to":"R.residual"}],"format":1,"head":"a6ed0d6442648f2273f197acfc60ccad0439d5e21f974721c6c9f5e4d461f33d","kind":"distribution","labels":{"A":{"kind":"note"},"B":{"kind":"note"},"R":{"kind":"residual"},"trustee":{}},"number":2,"position":6,"received":[],"sections":{"accounts":{"funds":{"closing_balance":"0.00","collected":"17000.00","deposits":"17000.00","draws":"17000.00","earnings":"0.00","not_wired":"0.00","opening_balance":"0.00"}},"classes":{"A":{"accreted":"0.00","closing_balance":"780000.00","cumulative_loss":"0.00","factor":"0.97500000","interest_accrued":"3950.00","interest_due":"3950.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"3950.00","interest_per_1000":"4.93750000","interest_shortfall":"0.00","notional":"790000.00","opening_balance":"790000.00","opening_unpaid_interest":"0.00","original_balance":"800000.00","other_paid":"0.00","principal_net":"10000.00","principal_paid":"10000.00","principal_per_1000":"12.50000000","rate":"0.06","realized_loss":"0.00","total_paid":"13950.00","unpaid_interest":"0.00","written_up":"0.00","year_fraction":"0.083333333333"},"B":{"accreted":"0.00","closing_balance":"195000.00","cumulative_loss":"5000.00","factor":"0.97500000","interest_accrued":"1500.00","interest_due":"1500.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"1500.00","interest_per_1000":"7.50000000","interest_shortfall":"0.00","notional":"200000.00","opening_balance":"200000.00","opening_unpaid_interest":"0.00","original_balance":"200000.00","other_paid":"0.00","principal_net":"0.00","principal_paid":"0.00","principal_per_1000":"0.00000000","rate":"0.09","realized_loss":"5000.00","total_paid":"1500.00","unpaid_interest":"0.00","written_up":"0.00","year_fraction":"0.083333333333"},"R":{"accreted":"0.00","cumulative_loss":"0.00","interest_accrued":"0.00","interest_due":"0.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"1450.00","interest_shortfall":"0.00","opening_unpaid_interest":"0.00","other_paid":"0.00","principal_net":"0.00","principal_paid":"0.00","realized_loss":"0.00","total_paid":"1450.00","unpaid_interest":"0.00","written_up":"0.00"}},"fees":{"trustee":{"accrued":"100.00","due":"100.00","opening_unpaid":"0.00","paid":"100.00","unpaid":"0.00"}},"groups":{"tranches":{"accreted":"0.00","closing_balance":"975000.00","cumulative_loss":"5000.00","factor":"0.97500000","interest_accrued":"5450.00","interest_due":"5450.00","interest_lost":"0.00","interest_on_unpaid":"0.00","interest_paid":"5450.00","interest_per_1000":"5.45000000","interest_shortfall":"0.00","opening_balance":"990000.00","opening_unpaid_interest":"0.00","original_balance":"1000000.00","other_paid":"0.00","principal_net":"10000.00","principal_paid":"10000.00","principal_per_1000":"10.00000000","realized_loss":"5000.00","total_paid":"15450.00","unpaid_interest":"0.00","written_up":"0.00"}},"pools":{"pool":{"advance_principal":"0.00","capitalized_interest":"0.00","charge_off":"5000.00","closing_balance":"975000.00","cumulative_loss":"5000.00","curtailment":"0.00","default":"0.00","factor":"0.97500000","forgiveness":"0.00","interest":"7000.00","liquidation_expense":"0.00","liquidation_proceeds":"0.00","loss":"5000.00","modification_loss":"0.00","opening_balance":"990000.00","original_balance":"1000000.00","other_reduction":"0.00","payahead_applied":"0.00","payoff":"0.00","pool_adjustment":"0.00","prepayment":"0.00","purchase":"0.00","realized_loss":"0.00","recovery":"0.00","repurchase_principal":"0.00","scheduled_principal":"10000.00","subsequent_recovery":"0.00"}}},"title":"Cove Trust 2025-1"}
');
CREATE INDEX log_commit_by_period ON log_commit (deal_id, period, position);
CREATE UNIQUE INDEX log_commit_by_digest ON log_commit (deal_id, period, source_digest) WHERE source_digest IS NOT NULL;
CREATE INDEX event_by_subject ON event (deal_id, position, subject);
CREATE UNIQUE INDEX event_corrected_once ON event (deal_id, corrects_position, corrects_line, effect) WHERE corrects_position IS NOT NULL;
CREATE INDEX distribution_by_date ON distribution (deal_id, distribution_date, known_at, number);
CREATE TRIGGER deal_no_update BEFORE UPDATE ON deal
BEGIN
  SELECT RAISE(ABORT, 'deal is append-only: UPDATE is refused');
END;
CREATE TRIGGER deal_no_delete BEFORE DELETE ON deal
BEGIN
  SELECT RAISE(ABORT, 'deal is append-only: DELETE is refused');
END;
CREATE TRIGGER log_commit_no_update BEFORE UPDATE ON log_commit
BEGIN
  SELECT RAISE(ABORT, 'log_commit is append-only: UPDATE is refused');
END;
CREATE TRIGGER log_commit_no_delete BEFORE DELETE ON log_commit
BEGIN
  SELECT RAISE(ABORT, 'log_commit is append-only: DELETE is refused');
END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'event is append-only: UPDATE is refused');
END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
  SELECT RAISE(ABORT, 'event is append-only: DELETE is refused');
END;
CREATE TRIGGER document_no_update BEFORE UPDATE ON document
BEGIN
  SELECT RAISE(ABORT, 'document is append-only: UPDATE is refused');
END;
CREATE TRIGGER document_no_delete BEFORE DELETE ON document
BEGIN
  SELECT RAISE(ABORT, 'document is append-only: DELETE is refused');
END;
CREATE TRIGGER distribution_no_update BEFORE UPDATE ON distribution
BEGIN
  SELECT RAISE(ABORT, 'distribution is append-only: UPDATE is refused');
END;
CREATE TRIGGER distribution_no_delete BEFORE DELETE ON distribution
BEGIN
  SELECT RAISE(ABORT, 'distribution is append-only: DELETE is refused');
END;
CREATE TRIGGER posting_no_update BEFORE UPDATE ON posting
BEGIN
  SELECT RAISE(ABORT, 'posting is append-only: UPDATE is refused');
END;
CREATE TRIGGER posting_no_delete BEFORE DELETE ON posting
BEGIN
  SELECT RAISE(ABORT, 'posting is append-only: DELETE is refused');
END;
CREATE TRIGGER balance_no_update BEFORE UPDATE ON balance
BEGIN
  SELECT RAISE(ABORT, 'balance is append-only: UPDATE is refused');
END;
CREATE TRIGGER balance_no_delete BEFORE DELETE ON balance
BEGIN
  SELECT RAISE(ABORT, 'balance is append-only: DELETE is refused');
END;
CREATE TRIGGER statement_no_update BEFORE UPDATE ON statement
BEGIN
  SELECT RAISE(ABORT, 'statement is append-only: UPDATE is refused');
END;
CREATE TRIGGER statement_no_delete BEFORE DELETE ON statement
BEGIN
  SELECT RAISE(ABORT, 'statement is append-only: DELETE is refused');
END;
CREATE TRIGGER deal_no_replace BEFORE INSERT ON deal
WHEN EXISTS (SELECT 1 FROM deal WHERE (deal_id = NEW.deal_id) OR (name = NEW.name))
BEGIN
  SELECT RAISE(ABORT, 'deal is append-only: the row is there already');
END;
CREATE TRIGGER document_no_replace BEFORE INSERT ON document
WHEN EXISTS (SELECT 1 FROM document WHERE (deal_id = NEW.deal_id AND digest = NEW.digest))
BEGIN
  SELECT RAISE(ABORT, 'document is append-only: the row is there already');
END;
CREATE TRIGGER distribution_no_replace BEFORE INSERT ON distribution
WHEN EXISTS (SELECT 1 FROM distribution WHERE (deal_id = NEW.deal_id AND number = NEW.number))
BEGIN
  SELECT RAISE(ABORT, 'distribution is append-only: the row is there already');
END;
CREATE TRIGGER posting_no_replace BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM posting WHERE (deal_id = NEW.deal_id AND distribution = NEW.distribution AND line = NEW.line))
BEGIN
  SELECT RAISE(ABORT, 'posting is append-only: the row is there already');
END;
CREATE TRIGGER balance_no_replace BEFORE INSERT ON balance
WHEN EXISTS (SELECT 1 FROM balance WHERE (deal_id = NEW.deal_id AND distribution = NEW.distribution AND account = NEW.account))
BEGIN
  SELECT RAISE(ABORT, 'balance is append-only: the row is there already');
END;
CREATE TRIGGER statement_no_replace BEFORE INSERT ON statement
WHEN EXISTS (SELECT 1 FROM statement WHERE (deal_id = NEW.deal_id AND distribution = NEW.distribution AND version = NEW.version))
BEGIN
  SELECT RAISE(ABORT, 'statement is append-only: the row is there already');
END;
CREATE TRIGGER event_open BEFORE INSERT ON event
WHEN NEW.position IS NOT 1 + (SELECT position FROM head WHERE deal_id = NEW.deal_id) OR NEW.corrects_position IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'an event may only be inserted at the open position, one after the head of its deal')
  WHERE NEW.position IS NOT 1 + (SELECT position FROM head WHERE deal_id = NEW.deal_id);
  SELECT RAISE(ABORT, 'event is append-only: that line has been corrected already')
  WHERE EXISTS (
    SELECT 1 FROM event
    WHERE deal_id = NEW.deal_id AND corrects_position = NEW.corrects_position AND corrects_line = NEW.corrects_line AND effect = NEW.effect
  );
  SELECT RAISE(ABORT, 'a reversal must be the exact negative of the earlier line that it names')
  WHERE NEW.effect = -1 AND NOT EXISTS (
    SELECT 1 FROM event AS original
    WHERE original.deal_id = NEW.deal_id AND original.position = NEW.corrects_position AND original.line = NEW.corrects_line
      AND original.position < NEW.position AND original.effect = 1
      AND original.kind = NEW.kind AND original.subject IS NEW.subject
      AND -original.principal IS NEW.principal AND -original.interest IS NEW.interest
      AND -original.fee IS NEW.fee AND -original.amount IS NEW.amount
      AND (
        -original.balance IS NEW.balance AND original.rate IS NEW.rate AND original.delinquency IS NEW.delinquency
        OR NEW.balance IS NULL AND NEW.rate IS NULL AND NEW.delinquency IS NULL
      )
  );
END;
CREATE TRIGGER log_commit_next BEFORE INSERT ON log_commit
BEGIN
  SELECT RAISE(ABORT, 'a commit must be the next after the head of its deal')
  WHERE NOT EXISTS (
    SELECT 1 FROM head
    WHERE deal_id = NEW.deal_id AND position + 1 = NEW.position AND hash = NEW.previous_hash AND (recorded_at IS NULL OR recorded_at < NEW.recorded_at)
  );
  SELECT RAISE(ABORT, 'log_commit is append-only: the row is there already')
  WHERE EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND position = NEW.position)
    OR EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND period = NEW.period AND source_digest = NEW.source_digest)
    OR EXISTS (SELECT 1 FROM log_commit WHERE deal_id = NEW.deal_id AND period = NEW.period AND source = NEW.source AND attempt = NEW.attempt);
  SELECT RAISE(ABORT, 'a commit must count its events')
  WHERE NEW.event_count <> (SELECT count(*) FROM event WHERE deal_id = NEW.deal_id AND position = NEW.position);
END;
CREATE TRIGGER head_new BEFORE INSERT ON head
WHEN NEW.position <> 0 OR NEW.event_count <> 0 OR NEW.recorded_at IS NOT NULL OR EXISTS (SELECT 1 FROM head WHERE deal_id = NEW.deal_id)
BEGIN
  SELECT RAISE(ABORT, 'a deal has one head, and it begins at position 0');
END;
CREATE TRIGGER head_forward BEFORE UPDATE ON head
BEGIN
  SELECT RAISE(ABORT, 'the head moves only forward, to the next commit')
  WHERE NEW.deal_id <> OLD.deal_id OR NEW.position <> OLD.position + 1 OR NOT EXISTS (
    SELECT 1 FROM log_commit
    WHERE deal_id = OLD.deal_id AND position = NEW.position AND previous_hash = OLD.hash AND hash = NEW.hash
      AND event_count = NEW.event_count - OLD.event_count AND recorded_at IS NEW.recorded_at
  );
END;
CREATE TRIGGER head_no_delete BEFORE DELETE ON head
BEGIN
  SELECT RAISE(ABORT, 'head is append-only: DELETE is refused');
END;
CREATE TRIGGER posting_open BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM distribution WHERE deal_id = NEW.deal_id AND number = NEW.distribution)
BEGIN
  SELECT RAISE(ABORT, 'the distribution is sealed: no posting may be added');
END;
CREATE TRIGGER balance_open BEFORE INSERT ON balance
WHEN EXISTS (SELECT 1 FROM distribution WHERE deal_id = NEW.deal_id AND number = NEW.distribution)
BEGIN
  SELECT RAISE(ABORT, 'the distribution is sealed: no balance may be added');
END;
CREATE TRIGGER distribution_seal BEFORE INSERT ON distribution
BEGIN
  SELECT RAISE(ABORT, 'the balances of a distribution must be the previous ones and the sum of its postings')
  WHERE EXISTS (
    SELECT 1 FROM (
      SELECT account, received, paid, opening FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT destination, -amount, 0, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT source, 0, -amount, 0 FROM posting WHERE deal_id = NEW.deal_id AND distribution = NEW.number
      UNION ALL SELECT account, 0, 0, -closing FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.previous
    ) GROUP BY account HAVING sum(received) <> 0 OR sum(paid) <> 0 OR NEW.previous IS NOT NULL AND sum(opening) <> 0
  );
  SELECT RAISE(ABORT, 'the balances that a deal begins with must sum to zero')
  WHERE NEW.previous IS NULL AND (SELECT sum(opening) FROM balance WHERE deal_id = NEW.deal_id AND distribution = NEW.number) <> 0;
END;
COMMIT;
