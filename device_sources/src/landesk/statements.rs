//! What is asked of the database. Nothing but `SELECT`, and no value in the text: each is bound.
//!
//! `WITH (NOLOCK)`: a look at devices must not hold up the inventory service that writes them.

/// Computers by the e-mail address of their owner.
pub(super) const BY_OWNER: (&str, &str) =
    ("SELECT DISTINCT u.Computer_Idn FROM LDAPUserAttrV u WITH (NOLOCK) WHERE LOWER(u.EMAILADDR) IN (", ")");
/// Computers by their serial number.
pub(super) const BY_SERIAL: (&str, &str) =
    ("SELECT DISTINCT s.Computer_Idn FROM CompSystem s WITH (NOLOCK) WHERE UPPER(s.SERIALNUM) IN (", ")");
/// Computers by the address of a network adapter.
pub(super) const BY_MAC: (&str, &str) =
    ("SELECT DISTINCT a.Computer_Idn FROM BoundAdapter a WITH (NOLOCK) WHERE UPPER(a.PhysAddress) IN (", ")");
/// All computers.
pub(super) const ALL: &str = "SELECT c.Computer_Idn FROM Computer c WITH (NOLOCK)";
/// How many there are.
pub(super) const COUNT: &str = "SELECT COUNT(*) AS computers FROM Computer c WITH (NOLOCK)";

/// The rows that make a record, a statement for each table: joined, they would multiply each other.
pub(super) const COMPUTERS: (&str, &str) = (
    "SELECT c.Computer_Idn, c.DISPLAYNAME, c.DEVICEID, c.TYPE, c.LASTUPDINVSVR, c.HWLASTSCANDATE, \
     c.SWLASTSCANDATE FROM Computer c WITH (NOLOCK) WHERE c.Computer_Idn IN (",
    ") ORDER BY c.Computer_Idn",
);
/// Tables with one row for a computer, whose columns stand beside those of `Computer`.
pub(super) const BESIDE: [(&str, &str); 3] = [
    (
        "SELECT s.Computer_Idn, s.MODEL, s.MANUFACTURER, s.SERIALNUM, s.SYSTEMVERSION \
         FROM CompSystem s WITH (NOLOCK) WHERE s.Computer_Idn IN (",
        ")",
    ),
    (
        "SELECT n.Computer_Idn, n.CURRENTBUILD, n.CURRENTVERSION, n.RELEASEID \
         FROM OSNT n WITH (NOLOCK) WHERE n.Computer_Idn IN (",
        ")",
    ),
    ("SELECT o.Computer_Idn, o.OSTYPE FROM Operating_System o WITH (NOLOCK) WHERE o.Computer_Idn IN (", ")"),
];
/// Whose a computer is; there may be several.
pub(super) const OWNERS: (&str, &str) = (
    "SELECT DISTINCT u.Computer_Idn, u.EMAILADDR FROM LDAPUserAttrV u WITH (NOLOCK) WHERE u.Computer_Idn IN (",
    ")",
);
/// Tables with any number of rows for a computer, each under its name.
pub(super) const LISTS: [(&str, (&str, &str)); 4] = [
    (
        "BitLocker",
        (
            "SELECT b.Computer_Idn, b.PROTECTIONSTATUS, b.CONVERSIONSTATUS, b.GENENCRYPT, b.ENCRYPTIONPERCENTAGE \
             FROM BitLocker b WITH (NOLOCK) WHERE b.Computer_Idn IN (",
            ")",
        ),
    ),
    (
        "BoundAdapter",
        (
            "SELECT a.Computer_Idn, a.PhysAddress, a.FirewallEnabled \
             FROM BoundAdapter a WITH (NOLOCK) WHERE a.Computer_Idn IN (",
            ")",
        ),
    ),
    (
        "CVDetectedV",
        (
            "SELECT v.Computer_Idn, v.Vul_ID, v.VulType, v.VulSeverity, v.Title, v.Reason \
             FROM CVDetectedV v WITH (NOLOCK) WHERE v.Computer_Idn IN (",
            ")",
        ),
    ),
    (
        "AppSoftwareSuites",
        (
            "SELECT DISTINCT w.Computer_Idn, w.SuiteName, w.Version \
             FROM AppSoftwareSuites w WITH (NOLOCK) WHERE w.Computer_Idn IN (",
            ")",
        ),
    ),
];
