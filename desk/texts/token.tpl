{{%AUTOESCAPE context="HTML"}}<div class="narrow">
<h1>{{T_token_title}}</h1>
<div class="card stack">
<p class="lead">{{T_token_lead}}</p>
<dl class="facts">
<div><dt>{{T_subject}}</dt><dd><bdi>{{SUBJECT}}</bdi></dd></div>
<div><dt>{{T_from}}</dt><dd><bdi>{{FROM}}</bdi></dd></div>
<div><dt>{{T_to}}</dt><dd><bdi>{{TO}}</bdi></dd></div>
{{#TIME_FULL}}<div><dt>{{T_held_since}}</dt><dd>{{TIME_FULL}}</dd></div>{{/TIME_FULL}}
{{#REASON}}<div><dt>{{T_why}}</dt><dd><bdi>{{REASON}}</bdi></dd></div>{{/REASON}}
{{#UNTIL_TEXT}}<div><dt>{{T_until}}</dt><dd>{{UNTIL_TEXT}}</dd></div>{{/UNTIL_TEXT}}
</dl>
<form id="act" class="stack" method="post" action="/token/act">
<input type="hidden" name="token" value="{{TOKEN}}">
<div class="field">
<label for="reason">{{T_token_reason}}</label>
<input id="reason" name="reason" type="text" maxlength="500">
</div>
{{#CAN_RELEASE}}<p>{{T_token_release_means}}</p><button type="submit" name="act" value="release" class="primary">{{T_act_release}}</button>{{/CAN_RELEASE}}
{{#CAN_REQUEST}}<p>{{T_request_means}}</p><button type="submit" name="act" value="request" class="primary">{{T_act_request}}</button>{{/CAN_REQUEST}}
</form>
</div>
</div>
