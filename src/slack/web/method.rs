//! The methods we call, and how often Slack lets us (<https://docs.slack.dev/apis/web-api/rate-limits>).

/// A method of the Web API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Method {
    AuthTest,
    ConnectionsOpen,
    ConversationsHistory,
    ConversationsInfo,
    ConversationsOpen,
    ConversationsReplies,
    FilesComplete,
    FilesUploadUrl,
    PostEphemeral,
    PostMessage,
    Respond,
    Update,
    Upload,
    UsergroupsList,
    UsersInfo,
    UsersLookup,
    ViewsOpen,
    ViewsPublish,
    ViewsUpdate,
}

impl Method {
    pub(super) const ALL: [Self; 19] = [
        Self::AuthTest,
        Self::ConnectionsOpen,
        Self::ConversationsHistory,
        Self::ConversationsInfo,
        Self::ConversationsOpen,
        Self::ConversationsReplies,
        Self::FilesComplete,
        Self::FilesUploadUrl,
        Self::PostEphemeral,
        Self::PostMessage,
        Self::Respond,
        Self::Update,
        Self::Upload,
        Self::UsergroupsList,
        Self::UsersInfo,
        Self::UsersLookup,
        Self::ViewsOpen,
        Self::ViewsPublish,
        Self::ViewsUpdate,
    ];

    /// Slack's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AuthTest => "auth.test",
            Self::ConnectionsOpen => "apps.connections.open",
            Self::ConversationsHistory => "conversations.history",
            Self::ConversationsInfo => "conversations.info",
            Self::ConversationsOpen => "conversations.open",
            Self::ConversationsReplies => "conversations.replies",
            Self::FilesComplete => "files.completeUploadExternal",
            Self::FilesUploadUrl => "files.getUploadURLExternal",
            Self::PostEphemeral => "chat.postEphemeral",
            Self::PostMessage => "chat.postMessage",
            Self::Respond => "response_url",
            Self::Update => "chat.update",
            Self::Upload => "upload_url",
            Self::UsergroupsList => "usergroups.list",
            Self::UsersInfo => "users.info",
            Self::UsersLookup => "users.lookupByEmail",
            Self::ViewsOpen => "views.open",
            Self::ViewsPublish => "views.publish",
            Self::ViewsUpdate => "views.update",
        }
    }

    /// How many calls a minute, and how many at once after a quiet while. None where waiting would be
    /// worse than a refusal, or where something else keeps the pace.
    pub(super) fn quota(self) -> Option<(u32, u32)> {
        match self {
            // A trigger lives three seconds; a response address takes five answers in all.
            // Who sends a file has waited for its address before.
            Self::AuthTest
            | Self::ConnectionsOpen
            | Self::Respond
            | Self::Upload
            | Self::ViewsOpen
            | Self::ViewsUpdate => None,
            // "Several hundred" a minute for the workspace, besides one a second for each channel.
            Self::PostMessage => Some((300, 60)),
            Self::FilesComplete
            | Self::FilesUploadUrl
            | Self::PostEphemeral
            | Self::UsersInfo
            | Self::ViewsPublish => Some((100, 50)),
            Self::ConversationsHistory
            | Self::ConversationsInfo
            | Self::ConversationsOpen
            | Self::ConversationsReplies
            | Self::Update
            | Self::UsersLookup => Some((50, 25)),
            Self::UsergroupsList => Some((20, 10)),
        }
    }
}
