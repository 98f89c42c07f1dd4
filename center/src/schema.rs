use store::Migration;

/// The schema of this half, after the store's own.
pub const MIGRATIONS: &[Migration] = &[
    Migration { version: 101, name: "center", sql: include_str!("../migrations/0101_center.sql") },
    Migration { version: 102, name: "scim", sql: include_str!("../migrations/0102_scim.sql") },
    Migration { version: 103, name: "saml_sp", sql: include_str!("../migrations/0103_saml_sp.sql") },
    Migration {
        version: 105,
        name: "scim_protocol",
        sql: include_str!("../migrations/0105_scim_protocol.sql"),
    },
    Migration { version: 106, name: "recycle_bin", sql: include_str!("../migrations/0106_recycle_bin.sql") },
    Migration {
        version: 107,
        name: "saml_sp_settings",
        sql: include_str!("../migrations/0107_saml_sp_settings.sql"),
    },
    Migration { version: 108, name: "scim_rate", sql: include_str!("../migrations/0108_scim_rate.sql") },
    Migration {
        version: 109,
        name: "scim_schemas",
        sql: include_str!("../migrations/0109_scim_schemas.sql"),
    },
    Migration {
        version: 110,
        name: "event_targets",
        sql: include_str!("../migrations/0110_event_targets.sql"),
    },
    Migration { version: 111, name: "scim_scans", sql: include_str!("../migrations/0111_scim_scans.sql") },
    Migration {
        version: 112,
        name: "saml_sessions",
        sql: include_str!("../migrations/0112_saml_sessions.sql"),
    },
    Migration {
        version: 113,
        name: "names_and_counts",
        sql: include_str!("../migrations/0113_names_and_counts.sql"),
    },
];
