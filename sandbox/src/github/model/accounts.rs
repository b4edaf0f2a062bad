//! People take another login. Their number stays, and whoever knows them by it finds them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Credential, Grantee, State};

impl State {
    /// Gives a person another login, everywhere. The former one leads nowhere, and another person may take it.
    /// False when there is no such person, or the login is taken.
    pub fn rename_user(&mut self, login: &str, new: &str) -> bool {
        let (old, key) = (login.to_lowercase(), new.to_lowercase());
        if old != key && (self.users.contains_key(&key) || self.organisations.contains_key(&key)) {
            return false;
        }
        let Some(mut user) = self.users.remove(&old) else { return false };
        let written = std::mem::replace(&mut user.login, new.to_owned());
        self.users.insert(key.clone(), user);
        for one in self.organisations.values_mut() {
            moved(&mut one.members, &old, &key);
            for set in [&mut one.without_second_factor, &mut one.insecure_second_factor] {
                moved_in(set, &old, &key);
            }
            for team in one.teams.values_mut() {
                moved(&mut team.members, &old, &key);
            }
            for invitation in one.invitations.values_mut() {
                renamed(&mut invitation.login, &old, &key);
                renamed(&mut invitation.inviter, &written, new);
            }
            for sign_on in one.single_sign_on.iter_mut() {
                moved_in(&mut sign_on.without_authorisation, &old, &key);
                for identity in &mut sign_on.identities {
                    renamed(&mut identity.login, &old, &key);
                }
            }
        }
        let ids: Vec<u64> = self.repositories.values().map(|one| one.id).collect();
        for id in ids {
            let Some(one) = self.repositories.get_mut(&id) else { continue };
            moved(&mut one.collaborators, &old, &key);
            moved(&mut one.custom_roles, &Grantee::Person(old.clone()), &Grantee::Person(key.clone()));
            for invitation in one.invitations.values_mut() {
                if invitation.invitee == old {
                    invitation.invitee.clone_from(&key);
                }
                renamed(&mut invitation.inviter, &written, new);
            }
        }
        for credential in self.credentials.tokens.values_mut() {
            if let Credential::Personal { login, .. } = credential
                && login.eq_ignore_ascii_case(&old)
            {
                new.clone_into(login);
            }
        }
        true
    }
}

fn moved<K: Ord + Clone, V>(map: &mut BTreeMap<K, V>, from: &K, to: &K) {
    if let Some(value) = map.remove(from) {
        map.insert(to.clone(), value);
    }
}

fn moved_in(set: &mut BTreeSet<String>, from: &str, to: &str) {
    if set.remove(from) {
        set.insert(to.to_owned());
    }
}

fn renamed(name: &mut Option<String>, from: &str, to: &str) {
    if name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(from)) {
        *name = Some(to.to_owned());
    }
}
