//! How the kernel's newtypes travel to the database: one generic impl serves both products.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{BigInt, Date, Nullable, SingleValue};

use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::id::*;

macro_rules! travels_as {
    ($sql:ident, $raw:ty: $($name:ident),+ $(,)?) => {$(
        impl<DB: Backend> ToSql<$sql, DB> for $name
        where
            $raw: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                self.0.to_sql(out)
            }
        }

        impl<DB: Backend> ToSql<Nullable<$sql>, DB> for $name
        where
            $raw: ToSql<$sql, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                ToSql::<$sql, DB>::to_sql(&self.0, out)
            }
        }

        impl<DB: Backend> FromSql<$sql, DB> for $name
        where
            $raw: FromSql<$sql, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                <$raw>::from_sql(bytes).map($name)
            }
        }

        impl<ST, DB> Queryable<ST, DB> for $name
        where
            ST: SingleValue,
            DB: Backend,
            $name: FromSql<ST, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }

        impl AsExpression<$sql> for $name {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression { Bound::new(self) }
        }

        impl<'a> AsExpression<$sql> for &'a $name {
            type Expression = Bound<$sql, Self>;
            fn as_expression(self) -> Self::Expression { Bound::new(self) }
        }

        impl AsExpression<Nullable<$sql>> for $name {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression { Bound::new(self) }
        }

        impl<'a> AsExpression<Nullable<$sql>> for &'a $name {
            type Expression = Bound<Nullable<$sql>, Self>;
            fn as_expression(self) -> Self::Expression { Bound::new(self) }
        }
    )+};
}

travels_as!(BigInt, i64:
    AccountId, AlarmId, AllocationId, AuditId, CertificateId, ChannelSecretId, ClaimId, ClientId, EventId, EvidenceId,
    ExceptionId, JobId, KeyId,
    LetterId, LineId, MatchId, MessageId, MovementId, ObligationId, PartyId, PaymentId, PersonId, PostingId, RawEventId,
    ReceiptId, SeriesId, ShiftId, StatementId, TrustId, UnitId, Dong, Instant,
    ClassRuleId, SettlementId, TermsId,
    DataRequestId, DelegationId, IncidentId, PadId, PictureId, RefundRequestId,
    BatchId, CorrectionId, FilingId, RefundId, RegistrationId, RemittanceId, ReopeningId, SlipId,
    TransmissionId, VersionId, VirtualRangeId, LoginId, SessionId,
);
travels_as!(Date, chrono::NaiveDate: BusinessDay);
