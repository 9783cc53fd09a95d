migrate((app) => {
  const users = app.findCollectionByNameOrId("users");
  users.fields.getByName("email").required = false;
  users.oauth2.enabled = true;
  users.oauth2.mappedFields.name = "name";
  users.oauth2.providers = [{
    name: "oidc",
    displayName: "WeChat",
    clientId: "pocketbase",
    clientSecret: "CLIENT_SECRET",
    authURL: "https://login.example.com/authorize",
    tokenURL: "https://login.example.com/token",
    userInfoURL: "https://login.example.com/userinfo",
    pkce: true,
  }];
  app.save(users);
});
