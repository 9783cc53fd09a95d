//! One login by the rules alone, from the request of the client to its ID token. The rows are variables.

use std::time::Duration;

use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    AccessToken, Algorithm, Authentication, AuthorizationRequest, AuthorizationResponse,
    ClaimSource, Clients, Code, Consent, ConsentPolicy, Context, Credentials, Decision, Delivery,
    Dialog, Grant, GrantId, Hint, IdToken, Issuer, NewGrant, Profile, RequestId, Scopes, Session,
    Timestamp, TokenRequest, WechatIds,
    fixtures::{self, CALLBACK, CHALLENGE, NoKeys, SECRET, VERIFIER, issuer_url},
    userinfo,
};
use crate::{
    keys::{KeySet, NextKey, SigningKey},
    master_key::MasterKeys,
    params::Params,
    signed::{self, Unverified},
};

const WAITED: RequestId = RequestId::from_bytes([8; 16]);

struct Provider {
    issuer: Issuer,
    clients: Clients,
    master: MasterKeys,
    keys: KeySet,
}

fn provider() -> Provider {
    let file = SecretString::from("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let master = MasterKeys::parse(&file).unwrap();
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let first = NextKey::at_once(key.algorithm(), 1, at(0));
    let row = key.seal(&master, first).unwrap();
    let keys = KeySet::open(&[row], &master, at(0)).unwrap();
    let (issuer, clients) = (issuer_url(), fixtures::clients());
    Provider {
        issuer,
        clients,
        master,
        keys,
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(second)
}

fn params(text: &str) -> Params {
    Params::parse(text.as_bytes()).unwrap()
}

/// What the client reads out of the URL of its callback.
fn callback(response: AuthorizationResponse) -> Vec<(String, String)> {
    let Delivery::Redirect(url) = response.delivery() else {
        panic!("a form");
    };
    let (uri, query) = url.split_once('?').unwrap();
    assert_eq!(uri, CALLBACK);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

impl Provider {
    /// A request that waits for WeChat although there is a session, and the session after the login.
    fn authorize(&self) -> (AuthorizationRequest, Session) {
        let query = params(&format!(
            "response_type=code&client_id=web&redirect_uri={CALLBACK}&scope=openid+profile&state=s\
             &nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256&prompt=login"
        ));
        let checked = AuthorizationRequest::check(&query, &self.issuer, &self.clients, &self.keys);
        let request = checked.unwrap();
        let decide = |session: &Session, second| {
            let idle = Duration::from_hours(12);
            let request_id = Some(WAITED);
            let context = Context {
                session: Some(session),
                idle,
                request: request_id,
                hinted: None,
                policy: ConsentPolicy::Never,
                consent: Consent::Stored(Scopes::default()),
                may_be_silent: false,
            };
            request.decide(context, at(second))
        };
        let before = fixtures::session();
        assert_eq!(decide(&before, 1010), Decision::Login(Dialog::Forced));
        let session = Session {
            request: Some(WAITED),
            auth_time: at(1020),
            ..before
        };
        assert_eq!(decide(&session, 1020), Decision::Respond);
        (request, session)
    }

    /// The code that the client reads out of its callback.
    fn respond(&self, request: &AuthorizationRequest, session: &Session) -> String {
        let code = Code::new(request, session, GrantId::from_bytes([5; 16]), at(1020));
        let text = signed::write(&self.master, &code, &session.secret);
        let response = AuthorizationResponse::code(request.target(), &self.issuer, text);
        let fields = callback(response);
        let [(code, text), state, iss] = &fields[..] else {
            panic!("three fields");
        };
        assert_eq!(code, "code");
        assert_eq!(state, &("state".to_owned(), "s".to_owned()));
        assert_eq!(iss, &("iss".to_owned(), self.issuer.to_string()));
        text.clone()
    }

    fn redeem(&self, code: &str, session: &Session) -> NewGrant {
        let form = params(&format!(
            "grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}\
             &code_verifier={VERIFIER}&client_id=web&client_secret={SECRET}"
        ));
        let credentials = Credentials::read(None, &form).unwrap();
        let client = credentials
            .authenticate(self.issuer.id(), &self.clients)
            .unwrap();
        let TokenRequest::Code(code, proof) = TokenRequest::read(&form, client).unwrap() else {
            panic!("no code");
        };
        assert_eq!(code.row(), session.sid);
        let code = code.verify(&self.master, &session.secret).unwrap();
        code.redeem(client, &proof, &fixtures::LIFETIMES, at(1030))
            .unwrap()
    }

    /// The claims of an ID token, as another library verifies it by the JWKS.
    fn verified(&self, jwt: &str) -> Value {
        let jwks = serde_json::to_value(self.keys.jwks()).unwrap();
        let jwks: JwkSet = serde_json::from_value(jwks).unwrap();
        let header = jsonwebtoken::decode_header(jwt).unwrap();
        let key = jwks.find(&header.kid.unwrap()).unwrap();
        let mut validation = Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&["web"]);
        validation.set_issuer(&[self.issuer.as_str()]);
        validation.validate_exp = false; // the time of this test is the year 1970
        let key = DecodingKey::from_jwk(key).unwrap();
        jsonwebtoken::decode(jwt, &key, &validation).unwrap().claims
    }
}

/// The row that the store makes of a grant and its session.
fn stored(new: NewGrant, session: &Session) -> Grant {
    Grant {
        id: new.id,
        sid: new.sid,
        scopes: new.scopes,
        auth_time: session.auth_time,
        expires_at: new.expires_at,
        ..fixtures::grant("", new.claims)
    }
}

#[test]
fn one_login() {
    let provider = provider();
    let (request, session) = provider.authorize();
    let code = provider.respond(&request, &session);
    let grant = stored(provider.redeem(&code, &session), &session);

    let access_token = AccessToken::of(&grant, grant.scopes, Duration::from_hours(2), at(1030));
    let expires_at = access_token.expires_at;
    let access_token = signed::write(&provider.master, &access_token, &grant.secret);
    let profile = Profile {
        nickname: Some("小明".into()),
        ..Profile::default()
    };
    let ids = WechatIds {
        unionid: None,
        openid: None,
        app: session.app,
    };
    let user = ClaimSource {
        subject: &grant.subject,
        profile: &profile,
        ids: &ids,
    };
    let (method, nonce) = (Some(session.method), Some("n"));
    let authentication = Authentication {
        method,
        nonce,
        access_token: &access_token,
        scopes: grant.scopes,
        issued_at: at(1030),
        expires_at,
    };
    let client = fixtures::web();
    let token = IdToken::new(&provider.issuer, &client, &grant, user, authentication).unwrap();
    let jwt = provider.keys.sign(client.algorithm, &token).unwrap();
    let claims = provider.verified(&jwt);
    assert_eq!(claims, serde_json::to_value(token).unwrap());
    let times = ["auth_time", "iat", "exp"].map(|name| &claims[name]);
    assert_eq!(times, [&json!(1020), &json!(1030), &json!(4630)]);
    assert_eq!(claims["name"], "小明");

    let token = Unverified::<AccessToken>::parse(&access_token).unwrap();
    assert_eq!(token.row(), grant.id);
    let token = token.verify(&provider.master, &grant.secret).unwrap();
    token.allows_userinfo(at(4629)).unwrap();
    let userinfo = userinfo(&client, &grant, token.scopes, user);
    assert_eq!(userinfo["sub"], claims["sub"]);

    // The ID token is a hint for the next request, and only for this client, this issuer and these keys.
    let hint = |issuer: &Issuer, client: &str| {
        Hint::read(&jwt, issuer, &client.parse().unwrap(), &provider.keys)
    };
    let other = Issuer::try_from("https://op.example/other".to_owned()).unwrap();
    assert_eq!(
        hint(&provider.issuer, "web"),
        Hint::User(grant.subject.clone())
    );
    assert_eq!(hint(&provider.issuer, "app"), Hint::Unknown);
    assert_eq!(hint(&other, "web"), Hint::Unknown);
    assert_eq!(
        Hint::read(&jwt, &provider.issuer, &grant.client, &NoKeys),
        Hint::Unknown
    );
}
