{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{T_login_title}}</h1>
<p class="lead">{{T_login_lead}}</p>
{{#ALERT}}<div class="alert" role="alert"><p>{{ALERT}}</p></div>{{/ALERT}}
<form id="login" class="card stack" method="post" action="/login">
<input type="hidden" name="csrf" value="{{PRE_CSRF}}">
<div class="field">
<label for="name">{{T_login_name}}</label>
<input id="name" name="name" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="255" value="{{LOGIN_NAME}}">
</div>
<div class="field">
<label for="password">{{T_login_password}}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
</div>
<button type="submit" class="primary">{{T_login_button}}</button>
</form>
</div>
