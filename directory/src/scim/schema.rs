//! Which attributes there are (RFC 7643), as data: what is read, checked, shown and filtered follows from it.
//!
//! Telephone numbers, postal addresses, pictures and passwords are left out on purpose: the bot has no use for
//! them, so they are dropped when they are sent ([`is_dropped`]) and never kept.

use serde_json::{Value as Json, json};

/// The core user.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of a user.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Our extension: the accounts that were linked to a user here. It is shown, and cannot be written.
pub const LINK: &str = "urn:hubcommander:params:scim:schemas:extension:link:1.0:User";

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Boolean,
    Time,
    Reference(&'static [&'static str]),
    Complex(&'static [Attribute]),
}

/// Who may change a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// An attribute of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) multi: bool,
    pub(super) required: bool,
    pub(super) case_exact: bool,
    pub(super) mutability: Mutability,
    pub(super) unique: bool,
    pub(super) about: &'static str,
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        name,
        kind: Type::Text,
        multi: false,
        required: false,
        case_exact: false,
        mutability: Mutability::ReadWrite,
        unique: false,
        about,
    }
}

const fn flag(name: &'static str, about: &'static str) -> Attribute {
    Attribute { kind: Type::Boolean, ..text(name, about) }
}

const fn complex(name: &'static str, subs: &'static [Attribute], about: &'static str) -> Attribute {
    Attribute { kind: Type::Complex(subs), ..text(name, about) }
}

const fn many(name: &'static str, subs: &'static [Attribute], about: &'static str) -> Attribute {
    Attribute { multi: true, ..complex(name, subs, about) }
}

const NAME: &[Attribute] = &[
    text("formatted", "The whole name"),
    text("familyName", "The family name"),
    text("givenName", "The given name"),
    text("middleName", "Middle names"),
    text("honorificPrefix", "A title before the name"),
    text("honorificSuffix", "What stands after the name"),
];

const EMAIL: &[Attribute] = &[
    text("value", "The address"),
    text("display", "The address as it is shown"),
    text("type", "Such as work or home"),
    flag("primary", "Whether it is the one to use"),
];

const ROLE: &[Attribute] = &[
    text("value", "The role"),
    text("display", "The role as it is shown"),
    text("type", "What kind of role it is"),
    flag("primary", "Whether it is the main one"),
];

const READ_ONLY: Attribute = Attribute { mutability: Mutability::ReadOnly, ..text("", "") };

const USER_GROUP: &[Attribute] = &[
    Attribute { name: "value", case_exact: true, about: "The id of the group", ..READ_ONLY },
    Attribute {
        name: "$ref",
        kind: Type::Reference(&["Group"]),
        case_exact: true,
        about: "Its address",
        ..READ_ONLY
    },
    Attribute { name: "display", about: "Its name", ..READ_ONLY },
    Attribute { name: "type", about: "direct", ..READ_ONLY },
];

const MANAGER: &[Attribute] = &[
    Attribute { case_exact: true, ..text("value", "The id of the manager") },
    Attribute { kind: Type::Reference(&["User"]), case_exact: true, ..text("$ref", "The manager's address") },
    Attribute { name: "displayName", about: "The manager's name", ..READ_ONLY },
];

const IMMUTABLE: Attribute = Attribute { mutability: Mutability::Immutable, ..text("", "") };

const MEMBER: &[Attribute] = &[
    Attribute { name: "value", case_exact: true, about: "The id of the member", ..IMMUTABLE },
    Attribute {
        name: "$ref",
        kind: Type::Reference(&["User", "Group"]),
        case_exact: true,
        about: "The member's address",
        ..IMMUTABLE
    },
    Attribute { name: "type", about: "User or Group", ..IMMUTABLE },
    Attribute { name: "display", about: "The member's name", ..IMMUTABLE },
];

const META: &[Attribute] = &[
    Attribute { name: "resourceType", case_exact: true, about: "User or Group", ..READ_ONLY },
    Attribute { name: "created", kind: Type::Time, case_exact: true, about: "When it was made", ..READ_ONLY },
    Attribute {
        name: "lastModified",
        kind: Type::Time,
        case_exact: true,
        about: "When it changed last",
        ..READ_ONLY
    },
    Attribute { name: "location", case_exact: true, about: "Its address", ..READ_ONLY },
    Attribute { name: "version", case_exact: true, about: "Its version", ..READ_ONLY },
];

/// What every resource has. Not part of any schema (RFC 7643 3.1).
pub(super) const COMMON: &[Attribute] = &[
    Attribute { name: "id", case_exact: true, about: "The id that we gave", ..READ_ONLY },
    Attribute { case_exact: true, ..text("externalId", "The id that the sender gave") },
    complex("meta", META, "About the resource itself"),
    Attribute {
        multi: true,
        case_exact: true,
        name: "schemas",
        about: "Which schemas it follows",
        ..READ_ONLY
    },
];

pub(super) const USER_ATTRIBUTES: &[Attribute] = &[
    Attribute {
        required: true,
        unique: true,
        ..text("userName", "The name to sign in with, often an e-mail address")
    },
    complex("name", NAME, "The parts of the name"),
    text("displayName", "The name as it is shown"),
    text("nickName", "What they are called"),
    text("title", "Their job"),
    text("userType", "Such as employee or contractor"),
    text("preferredLanguage", "Such as en-GB"),
    text("locale", "Such as en-GB"),
    text("timezone", "Such as Europe/Berlin"),
    flag("active", "Whether they work here"),
    many("emails", EMAIL, "E-mail addresses"),
    Attribute {
        mutability: Mutability::ReadOnly,
        ..many("groups", USER_GROUP, "The groups they are in; changed at the group")
    },
    many("roles", ROLE, "Roles"),
];

pub(super) const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber", "The number of the employee"),
    text("costCenter", "The cost centre"),
    text("organization", "The organisation"),
    text("division", "The division"),
    text("department", "The department"),
    complex("manager", MANAGER, "The manager"),
];

pub(super) const LINK_ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "slackUserId", case_exact: true, about: "The id in Slack", ..READ_ONLY },
    Attribute { name: "githubId", case_exact: true, about: "GitHub's number of the account", ..READ_ONLY },
    Attribute { name: "githubLogin", about: "The login when it was linked", ..READ_ONLY },
    Attribute { name: "email", about: "The address they were linked by", ..READ_ONLY },
    Attribute { name: "since", kind: Type::Time, case_exact: true, about: "When it was linked", ..READ_ONLY },
    Attribute { name: "proof", case_exact: true, about: "How it was shown to be theirs", ..READ_ONLY },
];

pub(super) const GROUP_ATTRIBUTES: &[Attribute] = &[
    Attribute { required: true, ..text("displayName", "The name of the group") },
    many("members", MEMBER, "Who is in it"),
];

/// Which kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Somebody.
    User,
    /// A group of people.
    Group,
}

impl Kind {
    /// `User` or `Group`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// `Users` or `Groups`.
    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    pub(super) fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    pub(super) fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER_ATTRIBUTES,
            Self::Group => GROUP_ATTRIBUTES,
        }
    }

    /// The attribute that no two resources share.
    pub(super) fn unique(self) -> Option<&'static str> {
        self.attributes().iter().find(|one| one.unique).map(|one| one.name)
    }

    /// An attribute by schema (`None`: the core one) and name, in any case.
    pub(super) fn attribute(self, schema: Option<&str>, name: &str) -> Option<&'static Attribute> {
        let of = |list: &'static [Attribute]| list.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        match schema {
            Some(schema) if schema.eq_ignore_ascii_case(ENTERPRISE) && self == Self::User => {
                of(ENTERPRISE_ATTRIBUTES)
            }
            Some(schema) if schema.eq_ignore_ascii_case(LINK) && self == Self::User => of(LINK_ATTRIBUTES),
            Some(schema) if !schema.eq_ignore_ascii_case(self.schema()) => None,
            _ => of(self.attributes()).or_else(|| of(COMMON)),
        }
    }
}

impl Attribute {
    pub(super) fn subs(&self) -> &'static [Attribute] {
        match self.kind {
            Type::Complex(subs) => subs,
            _ => &[],
        }
    }

    pub(super) fn sub(&self, name: &str) -> Option<&'static Attribute> {
        self.subs().iter().find(|one| one.name.eq_ignore_ascii_case(name))
    }

    fn described(&self) -> Json {
        let mut shown = json!({
            "name": self.name, "multiValued": self.multi, "description": self.about, "required": self.required,
            "caseExact": self.case_exact, "returned": "default",
            "mutability": match self.mutability {
                Mutability::ReadWrite => "readWrite",
                Mutability::ReadOnly => "readOnly",
                Mutability::Immutable => "immutable",
            },
            "uniqueness": if self.unique { "server" } else { "none" },
            "type": match self.kind {
                Type::Text => "string",
                Type::Boolean => "boolean",
                Type::Time => "dateTime",
                Type::Reference(_) => "reference",
                Type::Complex(_) => "complex",
            },
        });
        match self.kind {
            Type::Reference(to) => shown["referenceTypes"] = json!(to),
            Type::Complex(subs) => {
                shown["subAttributes"] = subs.iter().map(Attribute::described).collect();
            }
            _ => {}
        }
        shown
    }
}

/// Core attributes that are taken and not kept.
pub(super) fn is_dropped(name: &str) -> bool {
    const DROPPED: &[&str] = &[
        "password",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
        "entitlements",
        "x509Certificates",
        "profileUrl",
    ];
    DROPPED.iter().any(|one| one.eq_ignore_ascii_case(name))
}

/// The schemas, as `/Schemas` shows them.
pub(super) fn described(base: &str) -> Vec<Json> {
    let schema = |id: &str, name: &str, about: &str, attributes: &[Attribute]| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "description": about,
            "attributes": attributes.iter().map(Attribute::described).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{id}") },
        })
    };
    vec![
        schema(USER, "User", "Somebody who works in the company", USER_ATTRIBUTES),
        schema(GROUP, "Group", "A group of people", GROUP_ATTRIBUTES),
        schema(ENTERPRISE, "EnterpriseUser", "Where somebody works", ENTERPRISE_ATTRIBUTES),
        schema(LINK, "LinkedAccounts", "The accounts that were linked to somebody here", LINK_ATTRIBUTES),
    ]
}

/// The kinds of resources, as `/ResourceTypes` shows them.
pub(super) fn resource_types(base: &str) -> Vec<Json> {
    [Kind::User, Kind::Group]
        .into_iter()
        .map(|kind| {
            let extensions = match kind {
                Kind::User => json!([
                    { "schema": ENTERPRISE, "required": false },
                    { "schema": LINK, "required": false },
                ]),
                Kind::Group => json!([]),
            };
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": kind.name(),
                "name": kind.name(), "endpoint": format!("/{}", kind.endpoint()), "schema": kind.schema(),
                "description": kind.name(), "schemaExtensions": extensions,
                "meta": {
                    "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name()),
                },
            })
        })
        .collect()
}
